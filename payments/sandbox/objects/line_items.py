"""The lines of a Checkout Session: prices, products and amounts, within Stripe's limits."""

import sqlite3

from payments.sandbox import clock, store
from payments.sandbox.errors import invalid
from payments.sandbox.ids import new_id
from payments.sandbox.objects import adjustments
from payments.sandbox.objects.adjustments import Adjustments
from payments.sandbox.objects.amounts import LineAmounts
from payments.sandbox.objects.limits import check_currency, check_least, check_most, check_step
from payments.sandbox.store import JSON

AMOUNT_DUE = "The Checkout Session's total amount due"


def check(lines: list[JSON]) -> str:
    """The one currency of the lines. Raises an ApiError, and writes nothing."""
    currency = str(lines[0]["price_data"]["currency"]).lower()
    for index, line in enumerate(lines):
        at = f"line_items[{index}][price_data]"
        check_same_currency(line["price_data"]["currency"], currency, f"{at}[currency]")
        check_step(line["price_data"]["unit_amount"], currency.upper(), f"{at}[unit_amount]")
    return currency


def check_same_currency(sent: str, currency: str, at: str) -> None:
    check_currency(sent, at)
    if sent.lower() != currency:
        raise invalid(at, f"All prices of a Checkout Session must have one currency: {sent.lower()} is not {currency}.")


def create_all(
    db: sqlite3.Connection, account: str, lines: list[JSON], adjusted: Adjustments, currency: str
) -> list[JSON]:
    subtotals = [amount_of(line) for line in lines]
    check_subtotal(sum(subtotals), currency.upper())
    amounts = adjustments.amounts_of(subtotals, adjusted, currency)
    check_total(sum(line.total for line in amounts), currency.upper())
    return [
        create(db, account, line, of_line, adjustments.of_line(of_line, adjusted.discount, rates))
        for line, of_line, rates in zip(lines, amounts, adjusted.rates, strict=True)
    ]


def amount_of(line: JSON) -> int:
    return int(line["price_data"]["unit_amount"] * line["quantity"])


def check_subtotal(subtotal: int, currency: str) -> None:
    check_most(subtotal, currency, "line_items", AMOUNT_DUE)


def check_total(total: int, currency: str) -> None:
    """Nothing to pay is a total too: the session then asks for no card."""
    if total:
        check_least(total, currency, "line_items", AMOUNT_DUE)
    check_most(total, currency, "line_items", AMOUNT_DUE)


def create(db: sqlite3.Connection, account: str, line: JSON, amounts: LineAmounts, reports: JSON) -> JSON:
    """The line as a session lists it; its product is kept beside, as Stripe does with `price_data`."""
    product = create_product(db, account, line["price_data"]["product_data"])
    return {
        "id": new_id("li_1"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": amounts.discount,
        "amount_subtotal": amounts.subtotal,
        "amount_tax": sum(amounts.taxes),
        "amount_total": amounts.total,
        "currency": line["price_data"]["currency"].lower(),
        "description": product["name"],
        "metadata": line.get("metadata", {}),
        "price": price(line["price_data"], product["id"]),
        "quantity": line["quantity"],
        **reports,
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
