"""The lines of a Checkout Session: prices, products and amounts, within Stripe's limits."""

import sqlite3

from payments.money import (
    MAXIMUM_DIGITS,
    USUAL_MAXIMUM_DIGITS,
    format_amount,
    is_currency,
    maximum_amount,
    minimum_amount,
    minor_unit_decimals,
    price_decimals,
)
from payments.sandbox import clock, store
from payments.sandbox.errors import invalid
from payments.sandbox.ids import new_id
from payments.sandbox.store import JSON


def check(lines: list[JSON]) -> str:
    """The one currency of lines that can be charged. Raises a ApiError, and writes nothing."""
    currency = str(lines[0]["price_data"]["currency"]).lower()
    for index, line in enumerate(lines):
        at = f"line_items[{index}][price_data]"
        check_currency(line["price_data"]["currency"], currency, f"{at}[currency]")
        check_precision(line["price_data"]["unit_amount"], currency.upper(), f"{at}[unit_amount]")
    check_total(sum(amount_of(line) for line in lines), currency.upper())
    return currency


def check_currency(sent: str, currency: str, at: str) -> None:
    if not is_currency(sent.upper()):
        raise invalid(at, f"Invalid currency: {sent[:40]}.")
    if sent.lower() != currency:
        raise invalid(at, f"All prices of a Checkout Session must have one currency: {sent.lower()} is not {currency}.")


def check_precision(unit_amount: int, currency: str, at: str) -> None:
    step = 10 ** (minor_unit_decimals(currency) - price_decimals(currency))
    if unit_amount % step:
        raise invalid(at, f"Invalid amount: {currency} amounts are multiples of {step}.")


def check_total(total: int, currency: str) -> None:
    least, most = minimum_amount(currency), maximum_amount(currency)
    if total < least:
        message = f"The Checkout Session's total amount due must be at least {format_amount(least, currency)}."
        raise invalid("line_items", message, "amount_too_small")
    if total > most:
        digits = MAXIMUM_DIGITS.get(currency, USUAL_MAXIMUM_DIGITS)
        message = f"The Checkout Session's total amount due must be no more than {digits} digits."
        raise invalid("line_items", message, "amount_too_large")


def amount_of(line: JSON) -> int:
    return int(line["price_data"]["unit_amount"] * line["quantity"])


def create(db: sqlite3.Connection, account: str, line: JSON) -> JSON:
    """The line as a session lists it; its product is kept beside, as Stripe does with `price_data`."""
    product = create_product(db, account, line["price_data"]["product_data"])
    amount = amount_of(line)
    return {
        "id": new_id("li_1"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": line["price_data"]["currency"].lower(),
        "description": product["name"],
        "metadata": line.get("metadata", {}),
        "price": price(line["price_data"], product["id"]),
        "quantity": line["quantity"],
    }


def create_product(db: sqlite3.Connection, account: str, data: JSON) -> JSON:
    product: JSON = {
        "id": new_id("prod_", 14),
        "object": "product",
        # Made for one line only, so not for sale again.
        "active": False,
        "created": clock.now(),
        "default_price": None,
        "description": data.get("description"),
        "images": data.get("images", []),
        "livemode": False,
        "marketing_features": [],
        "metadata": data.get("metadata", {}),
        "name": data["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": clock.now(),
        "url": None,
    }
    return store.save(db, account, product)


def price(data: JSON, product: str) -> JSON:
    return {
        "id": new_id("price_1"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": clock.now(),
        "currency": data["currency"].lower(),
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product,
        "recurring": None,
        "tax_behavior": data.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
    }
