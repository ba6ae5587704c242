"""The languages that Stripe's payment page speaks.

https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-locale
"""

LOCALES = frozenset(
    """
    bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru
    sk sl sv th tr vi zh zh-HK zh-TW
    """.split()
)
# What Stripe and Django call by other names.
OTHER_NAMES = {"hi": "hi-IN", "no": "nb", "zh-hant": "zh-TW"}
# The language of the shopper's browser.
AUTO = "auto"


def locale_of(language: str) -> str:
    """Stripe's name for a language such as de, de-ch or pt-br; `auto` for one that it does not speak."""
    code = language.lower()
    named = {locale.lower(): locale for locale in LOCALES} | OTHER_NAMES
    return named.get(code) or named.get(code.partition("-")[0]) or AUTO
