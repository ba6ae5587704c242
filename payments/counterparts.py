"""Discount -> Coupon, Tax -> TaxRate: one for each content in each account, made when first needed."""

import hashlib
import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.utils import timezone

from payments.errors import AccountSilent, StorefrontError, StripeFailed
from payments.gateway import api
from payments.gateway.keys import Keypair, keypair_of_account
from payments.models import Counterpart, Discount, Order, OrderTax, Tax
from payments.money import plain_percent

logger = logging.getLogger(__name__)

Kind = Counterpart.Kind


def discounts_of(order: Order, keypair: Keypair) -> list[dict[str, str]]:
    """The `discounts` of a Checkout Session: at most one. Raises StripeRefused or StripeUnreachable."""
    if not order.discount_name:
        return []
    params = coupon_params(order)

    def create(content: str, generation: int) -> str:
        return api.create_coupon(keypair, {"id": f"shop-{content[:32]}", **params})

    return [{"coupon": counterpart(Kind.COUPON, params, keypair, create).stripe_id}]


def tax_rates_of(taxes: Iterable[OrderTax], keypair: Keypair) -> list[str]:
    """The `tax_rates` of each line, in the order of an order's taxes. Raises StripeRefused or StripeUnreachable."""
    return [tax_rate_of(tax, keypair) for tax in taxes]


def tax_rate_of(tax: OrderTax, keypair: Keypair) -> str:
    params = tax_rate_params(tax)

    def create(content: str, generation: int) -> str:
        # Stripe gives a tax rate its id, so a key of ours sees to it that many who come at once get the same one.
        return api.create_tax_rate(keypair, params, f"tax-rate-{content}-{generation}")

    return counterpart(Kind.TAX_RATE, params, keypair, create).stripe_id


def counterpart(
    kind: Counterpart.Kind,
    params: dict[str, Any],
    keypair: Keypair,
    create: Callable[[str, int], str],
) -> Counterpart:
    content = content_of(params)
    known = Counterpart.objects.filter(kind=kind, account=keypair.publishable_key, content=content)
    last = known.order_by("-generation").first()
    if last and not last.retired_at:
        return last
    generation = last.generation + 1 if last else 1
    values = {"kind": kind, "account": keypair.publishable_key, "content": content, "currency": keypair.currency}
    try:
        made = {"stripe_id": create(content, generation)}
    except StripeFailed:
        # The next who needs it asks with the key of the next generation.
        known.get_or_create(generation=generation, defaults={**values, "retired_at": timezone.now()})
        raise
    return known.get_or_create(generation=generation, defaults=values | made)[0]


def content_of(params: dict[str, Any]) -> str:
    return hashlib.sha256(repr(sorted(params.items())).encode()).hexdigest()


def coupon_params(order: Order) -> dict[str, Any]:
    """https://docs.stripe.com/api/coupons/create"""
    return coupon_terms(order.discount_name, order.discount_percent, order.discount_off, order.currency)


def coupon_terms(name: str, percent: Any, amount: int, currency: str) -> dict[str, Any]:
    if percent is not None:
        return {"name": name, "duration": "once", "percent_off": f"{percent:.2f}"}
    return {"name": name, "duration": "once", "amount_off": amount, "currency": currency.lower()}


def tax_rate_params(tax: OrderTax | Tax) -> dict[str, Any]:
    """https://docs.stripe.com/api/tax_rates/create"""
    params = {"display_name": tax.display_name, "percentage": plain_percent(tax.percentage), "inclusive": tax.inclusive}
    return params | ({"jurisdiction": tax.jurisdiction} if tax.jurisdiction else {})


def forget(params: dict[str, Any], refused: str, keypair: Keypair) -> bool:
    """What the refused one of a session's parameters names is gone at Stripe: the next who needs it makes it anew.

    Only what was sent is forgotten, since another buyer may have made it anew already. False if it names none of ours.
    """
    sent = ids_sent(params, refused)
    for gone in Counterpart.objects.filter(account=keypair.publishable_key, stripe_id__in=sent, retired_at=None):
        gone.mark_retired()
    return bool(sent)


def ids_sent(params: dict[str, Any], refused: str) -> list[str]:
    """Stripe names a parameter as in discounts[0][coupon] or line_items[0][tax_rates][1]; all lines have the same."""
    if "discounts" in refused:
        return [discount["coupon"] for discount in params.get("discounts", [])]
    if "tax_rates" not in refused:
        return []
    tax_rates: list[str] = params["line_items"][0].get("tax_rates", [])
    index = re.search(r"\[tax_rates\]\[([0-9]+)\]", refused)
    return [rate for number, rate in enumerate(tax_rates) if index is None or number == int(index[1])]


def retire_leftovers() -> int:
    """Delete the coupons and archive the tax rates of discounts and taxes that were edited or removed; how many.

    What cannot be retired now stays for the next time: nobody's work shall fail for it, nor wait for each one of
    an account that does not answer.
    """
    used = {content_of(params) for discount in Discount.objects.all() for params in coupons_of(discount)}
    used |= {content_of(tax_rate_params(tax)) for tax in Tax.objects.all()}
    leftovers = Counterpart.objects.filter(retired_at=None).exclude(content__in=used)
    accounts = leftovers.order_by().values_list("account", flat=True).distinct()
    return sum(retire_all(leftovers.filter(account=account)) for account in list(accounts))


def retire_all(leftovers: Iterable[Counterpart]) -> int:
    """How many of one account's are retired."""
    retired = 0
    for leftover in leftovers:
        try:
            retire(leftover)
            retired += 1
        except StorefrontError as error:
            logger.warning("%s cannot be retired now: %s", leftover.stripe_id, error.code)
            if isinstance(error, AccountSilent):
                break
    return retired


def coupons_of(discount: Discount) -> list[dict[str, Any]]:
    if discount.percent is not None:
        return [coupon_terms(discount.name, discount.percent, 0, "")]
    return [coupon_terms(discount.name, None, part.amount, part.currency) for part in discount.amounts.all()]


def retire(leftover: Counterpart) -> None:
    keypair = keypair_of_account(leftover.account, leftover.currency)
    if leftover.kind == Kind.COUPON:
        api.delete_coupon(keypair, leftover.stripe_id)
    else:
        api.archive_tax_rate(keypair, leftover.stripe_id)
    leftover.mark_retired()
