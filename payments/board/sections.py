"""What the board keeps apart: an account, whether it is live, and a currency."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from payments.gateway.keys import Keypair, every_keypair, masked

# Stands in no currency's code and in no key.
SEPARATOR = "|"
# What a query calls the parts of it.
SECTION = ("section_account", "section_livemode", "section_currency")


@dataclass(frozen=True, order=True)
class Section:
    currency: str
    livemode: bool
    # The publishable key; empty where no account sells in the currency any more, and orders were free.
    account: str

    @classmethod
    def of(cls, keypair: Keypair) -> "Section":
        return cls(keypair.currency, keypair.livemode, keypair.publishable_key)

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> "Section":
        return cls(row["section_currency"], row["section_livemode"], row["section_account"])

    @property
    def name(self) -> str:
        """By which a form names it."""
        return SEPARATOR.join((self.currency, "live" if self.livemode else "test", self.account))

    @property
    def row(self) -> Q:
        """Which rows are of it, by what `Section.of_row` reads."""
        return Q(section_currency=self.currency, section_livemode=self.livemode, section_account=self.account)

    @property
    def keypair(self) -> Keypair | None:
        """By which its account is asked; None where no keypair is of it any more."""
        known = [each for each in every_keypair() if each.publishable_key == self.account and each.is_complete]
        return next((each for each in known if each.currency == self.currency), known[0] if known else None)

    @property
    def is_selling(self) -> bool:
        return self in selling()

    @property
    def shown_account(self) -> str:
        return masked(self.account) if self.account else ""


def selling() -> list[Section]:
    """Those that sell now."""
    return [Section.of(keypair) for keypair in every_keypair() if keypair.is_complete and not keypair.retired]


def of_free_orders(currency: str) -> Section:
    """No money moved, so no account has them: they count with the one that sells in the currency now."""
    return next((section for section in selling() if section.currency == currency), Section(currency, False, ""))
