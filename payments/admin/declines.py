"""Why a bank declined a card, in words: https://docs.stripe.com/declines/codes."""

from django.utils.translation import gettext_lazy as _

# Those that shops meet; others are told as Stripe calls them.
REASONS = {
    "authentication_required": _("the bank wants a confirmation"),
    "card_not_supported": _("the card cannot pay for this"),
    "card_velocity_exceeded": _("the card was used too often"),
    "do_not_honor": _("the bank does not say why"),
    "expired_card": _("the card has expired"),
    "fraudulent": _("Stripe suspects fraud"),
    "generic_decline": _("the bank does not say why"),
    "incorrect_cvc": _("wrong CVC"),
    "incorrect_number": _("wrong card number"),
    "insufficient_funds": _("too little money"),
    "lost_card": _("the card was reported lost"),
    "payment_intent_authentication_failure": _("the shopper did not confirm it"),
    "processing_error": _("something went wrong at the bank"),
    "stolen_card": _("the card was reported stolen"),
    "transaction_not_allowed": _("the bank does not allow it"),
}


def in_words(code: str) -> str:
    return str(REASONS.get(code, code.replace("_", " ")))
