"""The stand-in as an HTTP client of the Stripe SDK, which goes on to encode, sign, read and raise as ever."""

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

import stripe
from requests.structures import CaseInsensitiveDict

from payments.sandbox import accounts, store
from payments.sandbox.errors import ApiError, invalid, secret_key_required
from payments.sandbox.http import expansion, idempotency
from payments.sandbox.http.encoding import Sent, decode
from payments.sandbox.http.idempotency import Reply
from payments.sandbox.http.parameters import ListOf, Text
from payments.sandbox.http.routing import Call, Handler, Routes, resolve
from payments.sandbox.ids import new_id
from payments.sandbox.objects import (
    balance,
    balance_transactions,
    charges,
    checkout_sessions,
    coupons,
    disputes,
    events,
    intent_calls,
    refund_calls,
    tax_rates,
    webhook_endpoints,
)
from payments.sandbox.paying import overdue
from payments.sandbox.webhooks.courier import courier

ROUTES: Routes = {
    **accounts.ROUTES,
    **balance.ROUTES,
    **balance_transactions.ROUTES,
    **charges.ROUTES,
    **checkout_sessions.ROUTES,
    **coupons.ROUTES,
    **disputes.ROUTES,
    **events.ROUTES,
    **intent_calls.ROUTES,
    **refund_calls.ROUTES,
    **tax_rates.ROUTES,
    **webhook_endpoints.ROUTES,
}
BY_ITS_BEARER = re.compile(r"/v1/payment_intents/[^/]+")


class SandboxClient(stripe.HTTPClient):
    """Give it to StripeClient as `http_client`. It keeps nothing itself: any number see the same accounts."""

    name = "sandbox"

    def __init__(self) -> None:
        super().__init__()
        accounts.refuse_live_keys()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: str | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        request_id = new_id("req_", 14)
        sent_headers = CaseInsensitiveDict(headers or {})
        try:
            reply = answer(method.upper(), urlsplit(url), sent_headers, post_data or "", request_id)
        except ApiError as refusal:
            reply = refused(refusal)
        except sqlite3.OperationalError as error:
            message = f"The stand-in's database: {error}"
            raise stripe.APIConnectionError(message, should_retry=True) from error  # type: ignore[no-untyped-call]
        courier.wake()
        return reply.body, reply.status, headers_of(reply, request_id, sent_headers)

    def close(self) -> None:
        """Nothing is held open between two requests."""


def answer(method: str, url: SplitResult, headers: CaseInsensitiveDict[str], form: str, request_id: str) -> Reply:
    account = account_of(headers.get("Authorization", ""), method, url)
    require_version(headers)
    handler, id = resolve(ROUTES, method, url.path)
    overdue.catch_up()
    sent = decode(form if method == "POST" else url.query)
    if method == "GET":
        with store.reading() as db:
            return perform(handler, Call(db, account, id, sent, request_id, None))
    key = headers.get("Idempotency-Key")
    request = idempotency.fingerprint(method, url.path, sent)
    with store.writing() as db:
        call = Call(db, account, id, sent, request_id, key)
        return idempotency.once(db, account, key, request, lambda: perform(handler, call))


def account_of(authorization: str, method: str, url: SplitResult) -> str:
    """Whose the key is. A publishable one reads what its bearer has the `client_secret` of. Raises a 401 ApiError."""
    key = authorization.removeprefix("Bearer ").strip()
    if not key.startswith("pk_"):
        return accounts.authenticate(key)
    account = accounts.of_publishable_key(key)
    if method != "GET" or not BY_ITS_BEARER.fullmatch(url.path) or "client_secret" not in decode(url.query):
        raise secret_key_required()
    return account


def require_version(headers: CaseInsensitiveDict[str]) -> None:
    version = headers.get("Stripe-Version", events.API_VERSION)
    if version != events.API_VERSION:
        raise invalid("Stripe-Version", f"Invalid Stripe API version: {version}. The stand-in is {events.API_VERSION}.")


def perform(handler: Handler, call: Call) -> Reply:
    """Every call may ask to `expand`, so the handlers never see it."""
    sent: dict[str, Sent] = dict(call.sent)
    try:
        paths = ListOf(Text()).read(sent.pop("expand", {}), "expand")
        document = handler(replace(call, sent=sent))
        return Reply(200, json.dumps(expansion.expand(call.db, call.account, document, paths)))
    except ApiError as refusal:
        return refused(refusal)


def refused(refusal: ApiError) -> Reply:
    return Reply(refusal.status, json.dumps(refusal.body))


def headers_of(reply: Reply, request_id: str, sent: CaseInsensitiveDict[str]) -> CaseInsensitiveDict[str]:
    headers = CaseInsensitiveDict({"Content-Type": "application/json", "Request-Id": request_id})
    headers["Stripe-Version"] = events.API_VERSION
    if "Idempotency-Key" in sent:
        headers["Idempotency-Key"] = sent["Idempotency-Key"]
    if reply.replayed:
        headers["Idempotent-Replayed"] = "true"
    return headers
