"""The discount and the taxes of a Checkout Session: which are meant, what they come to, how they are reported."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from payments.sandbox import clock, store
from payments.sandbox.errors import invalid
from payments.sandbox.http.percentages import exact
from payments.sandbox.ids import new_id
from payments.sandbox.objects import coupons, tax_rates
from payments.sandbox.objects.amounts import LineAmounts, amount_discounts, line_amounts, percent_discounts, step_of
from payments.sandbox.store import JSON

NULL_FIELDS = """
    checkout_session customer customer_account end invoice invoice_item promotion_code subscription subscription_item
"""


@dataclass(frozen=True)
class Adjustments:
    """The coupon with the discount it gives this session, and the tax rates of each line."""

    coupon: JSON | None
    discount: JSON | None
    rates: list[list[JSON]]


def read(db: sqlite3.Connection, account: str, session: str, params: JSON, currency: str) -> Adjustments:
    coupon = coupon_of(db, account, params, currency)
    rates = rates_of(db, account, params)
    return Adjustments(coupon, new_discount(session, coupon) if coupon else None, rates)


def coupon_of(db: sqlite3.Connection, account: str, params: JSON, currency: str) -> JSON | None:
    """The coupon of the session's one discount, if it can be used."""
    for discount in params.get("discounts", []):
        at = "discounts[0][coupon]"
        coupon = coupons.as_of_now(store.get(db, account, "coupon", discount["coupon"], param=at, status=400))
        check_coupon(coupon, currency, at)
        return coupon
    return None


def check_coupon(coupon: JSON, currency: str, at: str) -> None:
    if not coupon["valid"]:
        why = "expired" if coupons.is_expired(coupon) else "used up"
        raise invalid(at, f"Coupon {coupon['id']} is {why} and cannot be applied.", "coupon_expired")
    options = coupon["_currency_options"]
    if options and currency not in options:
        message = f"Coupon {coupon['id']} takes off an amount in {', '.join(options)}, not in {currency}."
        raise invalid(at, message)


def rates_of(db: sqlite3.Connection, account: str, params: JSON) -> list[list[JSON]]:
    """The tax rates of each line, if they can be used."""
    return [
        [rate_of(db, account, id, f"line_items[{line}][tax_rates][{index}]") for index, id in enumerate(ids)]
        for line, ids in enumerate(item.get("tax_rates", []) for item in params["line_items"])
    ]


def rate_of(db: sqlite3.Connection, account: str, id: str, at: str) -> JSON:
    rate = store.get(db, account, "tax_rate", id, param=at, status=400)
    if not rate["active"]:
        raise invalid(at, f"The tax rate {id} is inactive. This field only accepts active tax rates.")
    return rate


def amounts_of(subtotals: Sequence[int], adjustments: Adjustments, currency: str) -> list[LineAmounts]:
    step = step_of(currency.upper())
    discounts = discounts_of(subtotals, adjustments.coupon, currency, step)
    return [
        line_amounts(subtotal, discount, [tax_rates.for_amounts(rate) for rate in rates], step)
        for subtotal, discount, rates in zip(subtotals, discounts, adjustments.rates, strict=True)
    ]


def discounts_of(subtotals: Sequence[int], coupon: JSON | None, currency: str, step: int) -> list[int]:
    if coupon is None:
        return [0] * len(subtotals)
    if coupon["percent_off"] is not None:
        return percent_discounts(subtotals, exact(coupon["percent_off"]), step)
    return amount_discounts(subtotals, coupon["_currency_options"][currency]["amount_off"], step)


def new_discount(session: str, coupon: JSON) -> JSON:
    return dict.fromkeys(NULL_FIELDS.split()) | {
        "id": new_id("di_1"),
        "object": "discount",
        "checkout_session": session,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": clock.now(),
    }


def of_line(amounts: LineAmounts, discount: JSON | None, rates: Sequence[JSON]) -> JSON:
    """What a line item reports when it is asked to expand it."""
    return {
        "_discounts": [{"amount": amounts.discount, "discount": discount}] if discount else [],
        "_taxes": [tax(amount, rate, amounts.taxable) for amount, rate in zip(amounts.taxes, rates, strict=True)],
    }


def tax(amount: int, rate: JSON, taxable: int) -> JSON:
    return {"amount": amount, "rate": rate, "taxability_reason": None, "taxable_amount": taxable}


def breakdown(lines: Sequence[JSON]) -> JSON:
    """The sum over the lines, for each discount and each rate."""
    return {
        "discounts": [
            {"amount": amount, "discount": discount}
            for discount, amount, _ in summed("discount", [part for line in lines for part in line["_discounts"]])
        ],
        "taxes": [
            tax(amount, rate, taxable)
            for rate, amount, taxable in summed("rate", [part for line in lines for part in line["_taxes"]])
        ],
    }


def summed(name: str, parts: Sequence[JSON]) -> list[tuple[Any, int, int]]:
    groups: dict[str, list[JSON]] = defaultdict(list)
    for part in parts:
        groups[part[name]["id"]].append(part)
    return [
        (group[0][name], sum(part["amount"] for part in group), sum(part.get("taxable_amount", 0) for part in group))
        for group in groups.values()
    ]
