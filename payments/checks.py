"""Is the ring of keypairs sound? Each finding has an id and says what to do; none of them quotes a key."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from payments.gateway.keys import Keypair, currencies, every_keypair, retired_keypairs, ring
from payments.models import Item
from payments.money import is_currency

# Whole values: a comment behind one, or dots in place of the rest, would fail on the first buyer.
PUBLISHABLE_KEY = re.compile(r"pk_(test|live)_[A-Za-z0-9_]+")
SECRET_KEY = re.compile(r"[sr]k_(test|live)_[A-Za-z0-9_]+")
# What newer keys of one account have in common: the id of the account, without its `acct_`.
ACCOUNT_IN_KEY = re.compile(r"[psr]k_(?:test|live)_5(1[A-Za-z0-9]{15})[A-Za-z0-9]{20,}")
WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9_+/=-]+")
PARTS = (
    ("publishable_key", "PUBLISHABLE_KEY"),
    ("secret_key", "SECRET_KEY"),
    ("webhook_secrets", "WEBHOOK_SECRET"),
)


@register("payments")
def check_keypairs(**kwargs: Any) -> list[CheckMessage]:
    found = [problem for keypair in ring().values() for problem in problems_of(keypair)]
    retired = [problem for keypair in retired_keypairs() for problem in problems_of_retired(keypair)]
    return [*found, *retired, *problems_between(list(every_keypair())), *unknown_variables()]


def problems_of(keypair: Keypair) -> Iterator[CheckMessage]:
    currency = keypair.currency
    missing = [name for attribute, name in PARTS if not getattr(keypair, attribute)]
    if missing:
        yield Error(
            f"The keypair for {currency} is incomplete.",
            hint="Set " + " and ".join(f"STRIPE_{currency}_{name}" for name in missing) + ", or remove the rest.",
            id="payments.E001",
        )
    if keypair.publishable_key and not PUBLISHABLE_KEY.fullmatch(keypair.publishable_key):
        yield Error(
            f"STRIPE_{currency}_PUBLISHABLE_KEY is not a publishable key.",
            hint="It begins with pk_. If this is the secret key, exchange the two: the publishable key is shown "
            "to every visitor. A secret key that was published must be rolled in the Stripe dashboard.",
            id="payments.E002",
        )
    if not all(SECRET_KEY.fullmatch(key) for key in keypair.secret_keys):
        yield Error(
            f"STRIPE_{currency}_SECRET_KEY is not a secret key.",
            hint="It begins with sk_ or, for a restricted key, rk_; while it is rolled, two are separated by a comma. "
            "Perhaps it was exchanged with the publishable key.",
            id="payments.E003",
        )
    if not all(WEBHOOK_SECRET.fullmatch(secret) for secret in keypair.webhook_secrets):
        yield Error(
            f"STRIPE_{currency}_WEBHOOK_SECRET is not a webhook's signing secret.",
            hint="It begins with whsec_; several are separated by commas. The Stripe dashboard shows it beside the "
            "webhook's address.",
            id="payments.E004",
        )
    yield from currency_unknown(currency)
    yield from accounts_mixed(keypair)


def problems_of_retired(keypair: Keypair) -> Iterator[CheckMessage]:
    name = f"STRIPE_{keypair.currency}_RETIRED"
    if not is_well_formed(keypair):
        yield Error(
            f"{name} has something that is not a keypair.",
            hint="Write each retired account as pk_…:sk_…:whsec_… (publishable key, secret key, webhook secret), and "
            "a comma between two accounts.",
            id="payments.E012",
        )
    present = ring().get(keypair.currency)
    if present and {keypair.publishable_key, keypair.secret_key} & {present.publishable_key, *present.secret_keys}:
        yield Error(
            f"{name} has the account that sells in {keypair.currency} now.",
            hint="Remove it there: an account is retired when STRIPE_"
            f"{keypair.currency}_PUBLISHABLE_KEY and STRIPE_{keypair.currency}_SECRET_KEY are those of another.",
            id="payments.E013",
        )
    yield from currency_unknown(keypair.currency)
    yield from accounts_mixed(keypair)


def is_well_formed(keypair: Keypair) -> bool:
    return (
        keypair.is_complete
        and PUBLISHABLE_KEY.fullmatch(keypair.publishable_key) is not None
        and SECRET_KEY.fullmatch(keypair.secret_key) is not None
        and all(WEBHOOK_SECRET.fullmatch(secret) for secret in keypair.webhook_secrets)
    )


def accounts_mixed(keypair: Keypair) -> Iterator[CheckMessage]:
    """A warning alone, since Stripe does not promise it: `stripe_doctor` asks the account itself."""
    accounts = {match[1] for key in all_keys([keypair]) if (match := ACCOUNT_IN_KEY.fullmatch(key))}
    if len(accounts) > 1:
        variables = " and ".join(dict.fromkeys(variable for variable, _ in variables_of(keypair)))
        yield Warning(
            f"The keys in {variables} seem to be of {len(accounts)} accounts.",
            hint="Copy all keys of a currency from one Stripe account; `manage.py stripe_doctor` proves that they are.",
            id="payments.W005",
        )


def currency_unknown(currency: str) -> Iterator[CheckMessage]:
    if not is_currency(currency):
        yield Error(
            f"{currency} is not the code of a currency.",
            hint="Name the variables by an ISO 4217 code in capital letters, as in STRIPE_USD_SECRET_KEY.",
            id="payments.E005",
        )


def problems_between(keypairs: list[Keypair]) -> Iterator[CheckMessage]:
    modes = {"live" if "_live_" in key else "test" for key in all_keys(keypairs) if "_live_" in key or "_test_" in key}
    if len(modes) > 1:
        yield Error(
            f"Test and live keys are mixed: {', '.join(by_mode(keypairs))}.",
            hint="Use keys of one mode for all currencies, or some buyers pay with money and some without.",
            id="payments.E006",
        )
    if "live" in modes and settings.DEBUG:
        yield Error(
            "Live keys are used with DEBUG on.",
            hint="Set DEBUG=False, or use test keys: error pages of a shop under development show too much.",
            id="payments.E007",
        )
    if "live" in modes and settings.STRIPE_API_BASE:
        yield Error(
            "Live keys would be sent to the server that STRIPE_API_BASE names.",
            hint="Remove STRIPE_API_BASE to use Stripe, or use test keys with a server of your own.",
            id="payments.E011",
        )
    sandbox = [label(keypair) for keypair in keypairs if keypair.has_sandbox_part]
    real = [label(keypair) for keypair in keypairs if keypair.has_real_part]
    if sandbox and real:
        yield Error(
            f"Keys of the stand-in ({', '.join(sandbox)}) stand beside keys of Stripe ({', '.join(real)}).",
            hint="The stand-in's values have _sandbox_ in them: replace all of them by those of Stripe, or none. "
            "Its webhook secret is known to everybody.",
            id="payments.E008",
        )
    yield from accounts_confused(keypairs)
    if not ring():
        yield Warning(
            "No keypair is configured, so nothing can be sold.",
            hint="Set STRIPE_<CUR>_PUBLISHABLE_KEY, STRIPE_<CUR>_SECRET_KEY and STRIPE_<CUR>_WEBHOOK_SECRET for each "
            "currency; .env.example shows how.",
            id="payments.W002",
        )


def all_keys(keypairs: Iterable[Keypair]) -> list[str]:
    return [key for keypair in keypairs for key in (keypair.publishable_key, *keypair.secret_keys) if key]


def by_mode(keypairs: list[Keypair]) -> list[str]:
    return [
        f"{variable} is {'live' if '_live_' in key else 'test'}"
        for keypair in keypairs
        for variable, key in variables_of(keypair)
        if key
    ]


def variables_of(keypair: Keypair) -> Iterator[tuple[str, str]]:
    """The name of the variable that each key of the pair stands in."""
    publishable_key, secret_key = ("RETIRED", "RETIRED") if keypair.retired else ("PUBLISHABLE_KEY", "SECRET_KEY")
    yield f"STRIPE_{keypair.currency}_{publishable_key}", keypair.publishable_key
    for key in keypair.secret_keys:
        yield f"STRIPE_{keypair.currency}_{secret_key}", key


def label(keypair: Keypair) -> str:
    return f"{keypair.currency}, retired" if keypair.retired else keypair.currency


def accounts_confused(keypairs: list[Keypair]) -> Iterator[CheckMessage]:
    """An account is one publishable key with one secret key, and its webhooks are signed with secrets of its own."""
    for first, second in pairs(keypairs):
        both = " and ".join(f"STRIPE_{pair.currency}_{'RETIRED' if pair.retired else '…'}" for pair in (first, second))
        same_publishable = first.publishable_key == second.publishable_key
        same_secret = not set(first.secret_keys).isdisjoint(second.secret_keys)
        # An account has one secret key, or two while it is rolled, but any number of restricted ones.
        restricted = any(key.startswith("rk_") for key in (*first.secret_keys, *second.secret_keys))
        if same_publishable != same_secret and not (same_publishable and restricted):
            yield Error(
                f"{both} share one key of the pair, but not the other.",
                hint="Copy both keys from the same Stripe account.",
                id="payments.E009",
            )
        if not same_publishable and set(first.webhook_secrets) & set(second.webhook_secrets):
            yield Error(
                f"{both} are two accounts with the same webhook secret.",
                hint="Each account's webhook has a secret of its own: by it the shop tells whose event it is.",
                id="payments.E010",
            )


def pairs(keypairs: list[Keypair]) -> Iterator[tuple[Keypair, Keypair]]:
    complete = [keypair for keypair in keypairs if keypair.is_complete]
    return ((first, second) for i, first in enumerate(complete) for second in complete[i + 1 :])


def unknown_variables() -> list[CheckMessage]:
    return [
        Warning(
            f"{name} is set, but nothing reads it.",
            hint="Keys are set for each currency, as in STRIPE_USD_SECRET_KEY.",
            id="payments.W003",
        )
        for name in settings.STRIPE_UNKNOWN_VARIABLES
    ]


@register("payments")
def check_items_can_be_paid(**kwargs: Any) -> list[CheckMessage]:
    """Reads the database, where there is one: before the first migration nothing is on sale."""
    try:
        stranded = Item.objects.filter(on_sale=True).exclude(currency__in=currencies())
        codes = sorted(set(stranded.order_by().values_list("currency", flat=True).distinct()))
    except DatabaseError:
        return []
    return [
        Warning(
            f"Items are on sale in {currency}, for which there is no keypair: nobody can buy them.",
            hint=f"Set STRIPE_{currency}_PUBLISHABLE_KEY, STRIPE_{currency}_SECRET_KEY and "
            f"STRIPE_{currency}_WEBHOOK_SECRET, or take the items off sale.",
            id="payments.W001",
        )
        for currency in codes
    ]


@register(Tags.security, deploy=True)
def check_payments_are_real(**kwargs: Any) -> list[CheckMessage]:
    if not settings.STRIPE_SANDBOX:
        return []
    return [
        Warning(
            "Payments go to the stand-in: whoever presses Pay gets the goods for nothing.",
            hint="Set the keypairs of your Stripe accounts before the shop is opened.",
            id="payments.W004",
        )
    ]
