"""One short function for each call to Stripe; Stripe's objects and errors become ours here and nowhere else."""

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import stripe
from django.utils.translation import gettext_lazy as _

from payments.errors import (
    KeyLacksPermission,
    KeyNotAccepted,
    StripeBusy,
    StripeFailed,
    StripeObjectMissing,
    StripeRefused,
    StripeUnreachable,
)
from payments.gateway import events, patience
from payments.gateway.calls import Call
from payments.gateway.client import client_for
from payments.gateway.events import Event
from payments.gateway.keys import Keypair
from payments.gateway.objects import BalanceTransaction, CheckoutSession, Dispute, PaymentIntent, Refund
from payments.gateway.places import NoPlaceFree, a_place

logger = logging.getLogger(__name__)

LONGEST_PAGE = 100

TRY_AGAIN = _("The payment service does not answer. This attempt charged nothing: please try again in a minute.")
TELL_THE_SHOP = _("The payment service did not accept this. This attempt charged nothing: please tell the shop.")


def create_checkout_session(keypair: Keypair, params: dict[str, Any], idempotency_key: str) -> CheckoutSession:
    with stripe_errors_as_ours(keypair, "create checkout session", for_new_sale=True):
        sessions = client_for(keypair).v1.checkout.sessions
        session = sessions.create(params, {"idempotency_key": idempotency_key})  # type: ignore[arg-type]
        return CheckoutSession.from_stripe(session.to_dict())


def retrieve_checkout_session(keypair: Keypair, session_id: str) -> CheckoutSession:
    with stripe_errors_as_ours(keypair, "retrieve checkout session"):
        session = client_for(keypair).v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]})
        return CheckoutSession.from_stripe(session.to_dict())


def expire_checkout_session(keypair: Keypair, session_id: str) -> CheckoutSession:
    with stripe_errors_as_ours(keypair, "expire checkout session"):
        session = client_for(keypair).v1.checkout.sessions.expire(session_id)
        return CheckoutSession.from_stripe(session.to_dict())


def create_payment_intent(keypair: Keypair, params: dict[str, Any], idempotency_key: str) -> PaymentIntent:
    with stripe_errors_as_ours(keypair, "create payment intent", for_new_sale=True):
        intents = client_for(keypair).v1.payment_intents
        intent = intents.create(params, {"idempotency_key": idempotency_key})  # type: ignore[arg-type]
        return PaymentIntent.from_stripe(intent.to_dict())


def retrieve_payment_intent(keypair: Keypair, intent_id: str) -> PaymentIntent:
    with stripe_errors_as_ours(keypair, "retrieve payment intent"):
        return PaymentIntent.from_stripe(client_for(keypair).v1.payment_intents.retrieve(intent_id).to_dict())


def update_payment_intent(keypair: Keypair, intent_id: str, *, amount: int) -> PaymentIntent:
    """Without a key of ours: an amount that comes back after another must not be answered from memory."""
    with stripe_errors_as_ours(keypair, "update payment intent"):
        intent = client_for(keypair).v1.payment_intents.update(intent_id, {"amount": amount})
        return PaymentIntent.from_stripe(intent.to_dict())


def cancel_payment_intent(keypair: Keypair, intent_id: str) -> PaymentIntent:
    with stripe_errors_as_ours(keypair, "cancel payment intent"):
        return PaymentIntent.from_stripe(client_for(keypair).v1.payment_intents.cancel(intent_id).to_dict())


def create_refund(keypair: Keypair, params: dict[str, Any], idempotency_key: str) -> Refund:
    with stripe_errors_as_ours(keypair, "create refund"):
        refunds = client_for(keypair).v1.refunds
        refund = refunds.create(params, {"idempotency_key": idempotency_key})  # type: ignore[arg-type]
        return Refund.from_stripe(refund.to_dict())


def list_refunds(keypair: Keypair, filters: dict[str, Any]) -> list[Refund]:
    """All that fit, such as {"payment_intent": "pi_…"}, whoever made them."""
    with stripe_errors_as_ours(keypair, "list refunds"):
        found = client_for(keypair).v1.refunds.list({"limit": LONGEST_PAGE, **filters})  # type: ignore[arg-type]
        return [Refund.from_stripe(refund.to_dict()) for refund in found.auto_paging_iter()]


def list_disputes(keypair: Keypair, filters: dict[str, Any]) -> list[Dispute]:
    with stripe_errors_as_ours(keypair, "list disputes"):
        found = client_for(keypair).v1.disputes.list({"limit": LONGEST_PAGE, **filters})  # type: ignore[arg-type]
        return [Dispute.from_stripe(dispute.to_dict()) for dispute in found.auto_paging_iter()]


def list_balance_transactions(keypair: Keypair, *, since: datetime, until: datetime) -> list[BalanceTransaction]:
    """What stands in the account's books of that time, from `since` on and before `until`, all pages."""
    created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    params: Any = {"limit": LONGEST_PAGE, "created": created, "expand": ["data.source"]}
    with stripe_errors_as_ours(keypair, "list balance transactions"):
        found = client_for(keypair).v1.balance_transactions.list(params)
        return [BalanceTransaction.from_stripe(each.to_dict()) for each in found.auto_paging_iter()]


def create_coupon(keypair: Keypair, params: dict[str, Any]) -> str:
    """Its id, which `params` names, so that it can only be made once: that it is there already is as good."""
    with stripe_errors_as_ours(keypair, "create coupon", passing="resource_already_exists", for_new_sale=True):
        return client_for(keypair).v1.coupons.create(params).id  # type: ignore[arg-type]
    return str(params["id"])


def delete_coupon(keypair: Keypair, coupon_id: str) -> None:
    with stripe_errors_as_ours(keypair, "delete coupon", passing="resource_missing"):
        require(client_for(keypair).v1.coupons.delete(coupon_id).deleted)


def create_tax_rate(keypair: Keypair, params: dict[str, Any], idempotency_key: str) -> str:
    """Its id, which Stripe gives; the same for the same key."""
    with stripe_errors_as_ours(keypair, "create tax rate", for_new_sale=True):
        tax_rates = client_for(keypair).v1.tax_rates
        return tax_rates.create(params, {"idempotency_key": idempotency_key}).id  # type: ignore[arg-type]


def archive_tax_rate(keypair: Keypair, tax_rate_id: str) -> None:
    """Tax rates cannot be deleted."""
    with stripe_errors_as_ours(keypair, "archive tax rate", passing="resource_missing"):
        require(not client_for(keypair).v1.tax_rates.update(tax_rate_id, {"active": False}).active)


def undelivered_events(keypair: Keypair, *, types: list[str], since: datetime) -> Iterator[Event]:
    """The events of these types whose webhooks did not all arrive, page by page, the newest first.

    https://docs.stripe.com/webhooks/process-undelivered-events
    """
    params = {"types": types, "delivery_success": False, "created": {"gte": int(since.timestamp())}, "limit": 100}
    with stripe_errors_as_ours(keypair, "list events"):
        page = client_for(keypair).v1.events.list(params)  # type: ignore[arg-type]
    while True:
        with stripe_errors_as_ours(keypair, "read events"):
            payloads = [json.dumps(event.to_dict()) for event in page.data]
        yield from readable(payloads, keypair)
        if not page.has_more:
            return
        with stripe_errors_as_ours(keypair, "list events"):
            page = page.next_page()


def readable(payloads: Iterable[str], keypair: Keypair) -> Iterator[Event]:
    """Without what is no event as we know them: it must not keep the others from being read."""
    for payload in payloads:
        try:
            yield events.read(payload, keypair)
        except events.InvalidEvent:
            logger.error("The account for %s lists something that is no event", keypair.currency)


def require(is_done: bool | None) -> None:
    """Raise ValueError if the answer does not say that it was done: it is no answer of Stripe's."""
    if not is_done:
        raise ValueError


@contextmanager
def stripe_errors_as_ours(
    keypair: Keypair, act: str, passing: str = "", *, for_new_sale: bool = False
) -> Iterator[None]:
    """Raise StripeUnreachable for what may pass and StripeRefused for what will not; `passing` is a code that is none.

    Every call is told of in the log: what passes by itself is a warning, an error needs somebody.
    `from None`: the SDK's frames hold the secret key, and an error page would show them.
    """
    call = Call(keypair, act)
    if patience.seconds_left() <= 0:
        call.not_made()
        raise StripeUnreachable(TRY_AGAIN)
    try:
        with a_place(for_new_sale=for_new_sale):
            yield
        call.answered()
    except NoPlaceFree:
        call.not_made()
        raise StripeUnreachable(TRY_AGAIN) from None
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        call.failed(logging.WARNING, error)
        raise StripeUnreachable(TRY_AGAIN) from None
    except stripe.StripeError as error:
        if passing and error.code == passing:
            call.answered()
            return
        if type(error) is stripe.APIError:
            call.failed(logging.WARNING, error)
            raise failure_of_stripe(error)(TRY_AGAIN) from None
        call.failed(logging.ERROR, error)
        param, code = getattr(error, "param", None) or "", error.code or ""
        raise refusal_of(error)(TELL_THE_SHOP, param=param, stripe_code=code) from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        call.unreadable(error)
        raise StripeUnreachable(TRY_AGAIN) from None


def failure_of_stripe(error: stripe.APIError) -> type[StripeUnreachable]:
    """What is no error of Stripe's is a proxy's: Stripe has not seen the request, or its answer can still be had."""
    if error.http_status == 409:
        return StripeBusy
    return StripeFailed if error.error else StripeUnreachable


def refusal_of(error: stripe.StripeError) -> type[StripeRefused]:
    if isinstance(error, stripe.AuthenticationError):
        return KeyNotAccepted
    if isinstance(error, stripe.PermissionError):
        return KeyLacksPermission
    return StripeObjectMissing if error.code == "resource_missing" else StripeRefused
