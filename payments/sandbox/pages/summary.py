"""What the hosted page shows of a Checkout Session."""

from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from payments.money import format_amount, format_percent
from payments.sandbox import store
from payments.sandbox.http.percentages import exact
from payments.sandbox.store import JSON


@dataclass(frozen=True)
class Line:
    name: str
    description: str
    image: str
    quantity: int
    unit_amount: str
    amount: str


@dataclass(frozen=True)
class Adjustment:
    name: str
    amount: str


@dataclass(frozen=True)
class Summary:
    lines: list[Line]
    subtotal: str
    adjustments: list[Adjustment]
    total: str
    success_url: str
    cancel_url: str


def summary_of(account: str, session: JSON) -> Summary:
    currency = session["currency"].upper()
    with store.reading() as db:
        items = [
            (item, store.get(db, account, "product", item["price"]["product"]))
            for item in session["_line_items"]["data"]
        ]
    return Summary(
        lines=[line_of(item, product, currency) for item, product in items],
        subtotal=in_words(session["amount_subtotal"], currency),
        adjustments=[*discounts_of(session, currency), *taxes_of(session, currency)],
        total=in_words(session["amount_total"], currency),
        success_url=success_url(session),
        cancel_url=session["cancel_url"] or "",
    )


def in_words(amount: int, currency: str) -> str:
    return format_amount(amount, currency, get_language() or "en")


def line_of(item: JSON, product: JSON, currency: str) -> Line:
    return Line(
        name=product["name"],
        description=product["description"] or "",
        image=product["images"][0] if product["images"] else "",
        quantity=item["quantity"],
        unit_amount=in_words(item["price"]["unit_amount"], currency),
        amount=in_words(item["amount_subtotal"], currency),
    )


def discounts_of(session: JSON, currency: str) -> list[Adjustment]:
    return [
        Adjustment(session["_discount_name"], "−" + in_words(part["amount"], currency))
        for part in session["_total_details"]["_breakdown"]["discounts"]
    ]


def taxes_of(session: JSON, currency: str) -> list[Adjustment]:
    return [
        Adjustment(tax_name(part["rate"]), in_words(part["amount"], currency))
        for part in session["_total_details"]["_breakdown"]["taxes"]
    ]


def tax_name(rate: JSON) -> str:
    words = {"name": rate["display_name"], "percent": format_percent(exact(rate["percentage"]), get_language() or "en")}
    if rate["inclusive"]:
        return _("%(name)s (%(percent)s inclusive)") % words
    return _("%(name)s (%(percent)s exclusive)") % words


def success_url(session: JSON) -> str:
    url: str = session["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])
