"""What may be sent to make or change a PaymentIntent, and what each thing may be."""

from payments.sandbox.errors import not_served
from payments.sandbox.http.parameters import Boolean, Hash, Integer, Metadata, NotServed, Parameter, Text
from payments.sandbox.objects.changes import MetadataChange, TextChange
from payments.sandbox.objects.limits import check_currency, check_least, check_most, check_step
from payments.sandbox.store import JSON
from payments.sandbox.webhooks.addresses import check_email

NOT_SERVED = """
    allowed_payment_method_types amount_details application_fee_amount customer customer_account
    excluded_payment_method_types hooks on_behalf_of payment_details payment_method payment_method_configuration
    payment_method_data payment_method_options setup_future_usage shipping transfer_data transfer_group
"""
NOT_SERVED_AT_FIRST = """
    confirmation_token error_on_requires_action mandate mandate_data off_session radar_options return_url
"""
METHODS: dict[str, Parameter] = {
    "enabled": Boolean(required=True),
    "allow_redirects": Text(choices=("always", "never")),
}
CAPTURE_METHOD = Text(choices=("automatic", "automatic_async", "manual"))

INTENT: dict[str, Parameter] = {
    **dict.fromkeys([*NOT_SERVED.split(), *NOT_SERVED_AT_FIRST.split()], NotServed()),
    "amount": Integer(required=True, least=1),
    "automatic_payment_methods": Hash(METHODS),
    "capture_method": CAPTURE_METHOD,
    "confirm": Boolean(),
    "confirmation_method": Text(choices=("automatic", "manual")),
    "currency": Text(required=True),
    "description": Text(most=1000),
    "metadata": Metadata(),
    "receipt_email": Text(),
    "statement_descriptor": Text(most=22),
    "statement_descriptor_suffix": Text(most=22),
    "use_stripe_sdk": Boolean(),
}
UPDATE: dict[str, Parameter] = {
    **dict.fromkeys(NOT_SERVED.split(), NotServed()),
    "amount": Integer(least=1),
    "capture_method": CAPTURE_METHOD,
    "currency": Text(),
    "description": TextChange(most=1000),
    "metadata": MetadataChange(),
    "receipt_email": TextChange(),
    "statement_descriptor": TextChange(most=22),
    "statement_descriptor_suffix": TextChange(most=22),
}
REASONS = ("abandoned", "duplicate", "fraudulent", "requested_by_customer")
CANCEL: dict[str, Parameter] = {"cancellation_reason": Text(choices=REASONS)}


def check(intent: JSON) -> None:
    """What is to be made, or what an update would make of it."""
    check_served(intent)
    check_currency(intent["currency"], "currency")
    check_amount(intent["amount"], intent["currency"].upper())
    check_email("receipt_email", intent.get("receipt_email") or "payer@example.com")


def check_served(intent: JSON) -> None:
    if intent.get("confirm"):
        raise not_served("confirm=true")
    for name in ("capture_method", "confirmation_method"):
        if intent.get(name) == "manual":
            raise not_served(f"{name}=manual")
    if not (intent.get("automatic_payment_methods") or {"enabled": True})["enabled"]:
        raise not_served("automatic_payment_methods[enabled]=false")


def check_amount(amount: int, currency: str) -> None:
    check_step(amount, currency, "amount")
    check_least(amount, currency, "amount", "Amount")
    check_most(amount, currency, "amount", "Amount")
