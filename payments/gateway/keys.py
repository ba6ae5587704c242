"""The key-resolver: the currency of what is bought picks the keypair. No default, no fallback."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.conf import settings

from payments.errors import NoKeypair

VARIABLE = re.compile(r"STRIPE_([A-Za-z0-9]+)_(PUBLISHABLE_KEY|SECRET_KEY|WEBHOOK_SECRET)")
RETIRED = re.compile(r"STRIPE_([A-Za-z0-9]+)_RETIRED")
# What is made up for the stand-in carries this mark; Stripe issues nothing that does.
SANDBOX_MARK = "_sandbox_"


@dataclass(frozen=True)
class Keypair:
    """One Stripe account's keys for one currency. Its publishable key names the account wherever we remember it.

    A retired one sells nothing any more, but still looks after the payments that were opened with it.
    """

    currency: str
    publishable_key: str = ""
    secret_key: str = field(default="", repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    # What to use instead where Stripe does not accept the first: while a secret key is rolled, there are two.
    other_secret_keys: tuple[str, ...] = field(default=(), repr=False)
    retired: bool = False

    @property
    def secret_keys(self) -> tuple[str, ...]:
        return (self.secret_key, *self.other_secret_keys) if self.secret_key else ()

    @property
    def livemode(self) -> bool:
        return self.secret_key.startswith(("sk_live_", "rk_live_"))

    @property
    def is_sandbox(self) -> bool:
        return SANDBOX_MARK in self.secret_key

    @property
    def has_sandbox_part(self) -> bool:
        return any(SANDBOX_MARK in part for part in self.parts)

    @property
    def has_real_part(self) -> bool:
        return any(SANDBOX_MARK not in part for part in self.parts)

    @property
    def parts(self) -> list[str]:
        return [part for part in (self.publishable_key, *self.secret_keys, *self.webhook_secrets) if part]

    @property
    def is_complete(self) -> bool:
        return bool(self.publishable_key and self.secret_key and self.webhook_secrets)


def read_keypairs(variables: Mapping[str, str]) -> dict[str, Keypair]:
    """Collect `STRIPE_<CUR>_…` by currency, incomplete ones included: `checks.py` says what is wrong with them."""
    parts: dict[str, dict[str, str]] = {}
    for name, value in variables.items():
        match = VARIABLE.fullmatch(name)
        if match and value.strip():
            parts.setdefault(match[1], {})[match[2]] = value.strip()
    return {currency: keypair_from(currency, parts[currency]) for currency in sorted(parts)}


def keypair_from(currency: str, parts: Mapping[str, str]) -> Keypair:
    secret_keys = separated(parts.get("SECRET_KEY", ""), ",")
    return Keypair(
        currency=currency,
        publishable_key=parts.get("PUBLISHABLE_KEY", ""),
        secret_key=secret_keys[0] if secret_keys else "",
        webhook_secrets=separated(parts.get("WEBHOOK_SECRET", ""), ","),
        other_secret_keys=secret_keys[1:],
    )


def read_retired_keypairs(variables: Mapping[str, str]) -> list[Keypair]:
    """Collect `STRIPE_<CUR>_RETIRED=pk:sk:whsec,…`: an account between two commas, the parts of one between colons."""
    named = sorted((match[1], value) for name, value in variables.items() if (match := RETIRED.fullmatch(name)))
    return [retired_keypair(currency, account) for currency, value in named for account in separated(value, ",")]


def retired_keypair(currency: str, account: str) -> Keypair:
    """What follows the two keys is its webhook secrets."""
    publishable_key, secret_key, *webhook_secrets = [part.strip() for part in f"{account}:".split(":")]
    return Keypair(
        currency=currency,
        publishable_key=publishable_key,
        secret_key=secret_key,
        webhook_secrets=tuple(secret for secret in webhook_secrets if secret),
        retired=True,
    )


def separated(value: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(separator) if part.strip())


def masked(publishable_key: str) -> str:
    """Enough of it to find it in the dashboard. Secret keys are shown to nobody, not even so."""
    is_one = publishable_key.startswith("pk_") and len(publishable_key) > 12
    return f"{publishable_key[:8]}…{publishable_key[-4:]}" if is_one else "no publishable key"


def unknown_variables(variables: Mapping[str, str]) -> list[str]:
    """Names that look like a key of Stripe's but belong to no currency: a common mistake, since most shops have one."""
    keys = (name for name in variables if re.fullmatch(r"STRIPE_\w*(KEY|SECRET|RETIRED)", name))
    return sorted(name for name in keys if not VARIABLE.fullmatch(name) and not RETIRED.fullmatch(name))


def keypair_for(currency: str) -> Keypair:
    """The keypair that sells in this currency. Raises NoKeypair."""
    keypair = ring().get(currency)
    if keypair is None or not keypair.is_complete:
        raise NoKeypair(currency)
    return keypair


def keypair_of_account(publishable_key: str, currency: str) -> Keypair:
    """The keypair of the account a payment was opened with, whatever sells in its currency now. Raises NoKeypair.

    If neither a live nor a retired one has that publishable key, it may have been rolled, so the currency's keypair is
    asked. That is for what begins with the id of an object: it is known to its own account, and every other answers
    that there is none. What is new, and belongs to no object yet, is only ever made with `keypair_for`.
    """
    for keypair in every_keypair():
        if keypair.publishable_key == publishable_key and keypair.is_complete:
            return keypair
    return keypair_for(currency)


def currencies() -> list[str]:
    """The currencies that can be sold in, in alphabetical order."""
    return [currency for currency, keypair in ring().items() if keypair.is_complete]


def every_keypair() -> Iterator[Keypair]:
    """Those that sell, then the retired ones: all whose payments the shop looks after."""
    yield from ring().values()
    yield from retired_keypairs()


def ring() -> dict[str, Keypair]:
    keypairs: dict[str, Keypair] = settings.STRIPE_KEYPAIRS
    return keypairs


def retired_keypairs() -> list[Keypair]:
    keypairs: list[Keypair] = settings.STRIPE_RETIRED_KEYPAIRS
    return keypairs
