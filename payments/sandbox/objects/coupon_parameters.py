"""What may be sent to make or change a coupon, and what each thing may be."""

from dataclasses import dataclass

from payments.sandbox import clock
from payments.sandbox.errors import invalid, missing_parameter
from payments.sandbox.http.encoding import Sent
from payments.sandbox.http.parameters import Hash, Integer, Metadata, NotServed, Parameter, Text, hash_of, inside
from payments.sandbox.http.percentages import Percentage
from payments.sandbox.objects.changes import MetadataChange, TextChange
from payments.sandbox.objects.limits import check_currency, check_step
from payments.sandbox.store import JSON


@dataclass(frozen=True)
class CurrencyOptions:
    """What the coupon takes off in other currencies, by their lower-case codes."""

    required: bool = False

    def read(self, sent: Sent, at: str) -> JSON:
        option = Hash({"amount_off": Integer(required=True, least=1)})
        options = {
            currency.lower(): option.read(value, inside(at, currency)) for currency, value in hash_of(sent, at).items()
        }
        for currency, value in options.items():
            check_currency(currency, inside(at, currency))
            check_step(value["amount_off"], currency.upper(), inside(at, currency) + "[amount_off]")
        return options


COUPON: dict[str, Parameter] = {
    "amount_off": Integer(least=1),
    "applies_to": NotServed(),
    "currency": Text(),
    "currency_options": CurrencyOptions(),
    "duration": Text(choices=("forever", "once", "repeating")),
    "duration_in_months": Integer(least=1),
    "id": Text(),
    "max_redemptions": Integer(least=1),
    "metadata": Metadata(),
    "name": Text(most=40),
    "percent_off": Percentage(decimals=2, above_zero=True),
    "redeem_by": Integer(),
}
UPDATE: dict[str, Parameter] = {
    "currency_options": CurrencyOptions(),
    "metadata": MetadataChange(),
    "name": TextChange(most=40),
}


def check(params: JSON) -> None:
    check_value(params)
    check_options(params)
    if (params.get("duration") == "repeating") != ("duration_in_months" in params):
        message = "`duration_in_months` goes with a `duration` of `repeating`, and with no other."
        raise invalid("duration_in_months", message)
    if params.get("redeem_by", clock.now() + 1) <= clock.now():
        raise invalid("redeem_by", "The `redeem_by` timestamp must be in the future.")


def check_value(params: JSON) -> None:
    if "percent_off" in params and "amount_off" in params:
        raise invalid("amount_off", "You may only specify one of these parameters: amount_off, percent_off.")
    if "percent_off" not in params and "amount_off" not in params:
        raise missing_parameter("percent_off")
    if "amount_off" in params and "currency" not in params:
        raise missing_parameter("currency")
    if "currency" in params:
        check_currency(params["currency"], "currency")
        check_step(params.get("amount_off", 0), params["currency"].upper(), "amount_off")


def check_options(coupon: JSON) -> None:
    if coupon.get("currency_options") and not coupon.get("amount_off"):
        raise invalid("currency_options", "`currency_options` is for coupons with an `amount_off`.")
