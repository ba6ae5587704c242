"""The board against the account's own books: each movement of money is looked for on the other side.

https://docs.stripe.com/reports/reporting-categories: the categories of balance transactions. Stripe's fees stand beside
the amounts and are not compared; nor are payouts and what else moves money but no order.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import F

from payments.board import movements
from payments.board.periods import Period
from payments.board.sections import Section
from payments.errors import KeyLacksPermission, NoKeypair, StorefrontError
from payments.gateway import api
from payments.gateway.objects import BalanceTransaction
from payments.models import Order, Payment

# The shop learns of a payment after Stripe has taken it: minutes later, or days if webhooks were lost.
MARGIN = timedelta(days=3)
CATEGORIES = frozenset(movement.category for movement in movements.ALL)


class Kind(StrEnum):
    MISSING_HERE = "missing here"
    MISSING_THERE = "missing there"
    OTHER_AMOUNT = "other amount"
    # It agrees, and counts in another period on one of the two sides.
    OTHER_TIME = "other time"
    PAID_TWICE = "paid twice"


@dataclass
class Entry:
    """What one charge, refund or dispute moved, on one of the two sides; in minor units, negative for what left."""

    amount: int = 0
    at: datetime | None = None
    payment_id: int | None = None
    order_id: int | None = None
    payment_intent_id: str = ""
    order: str = ""
    # Of our payment that it is about; empty where it is about none.
    publishable_key: str = ""
    was_paid_twice: bool = False


# By category, and by what the books call it.
Name = tuple[str, str]
Entries = dict[Name, Entry]


@dataclass(frozen=True)
class Difference:
    kind: Kind
    category: str
    # Stripe's id of what it is about.
    stripe_id: str
    ours: Entry | None
    theirs: Entry | None

    @property
    def entry(self) -> Entry:
        return self.ours or self.theirs or Entry()


@dataclass
class Comparison:
    section: Section
    # What kept the account from being asked, as the code of an error; empty if nothing did.
    problem: str = ""
    lacks_permission: bool = False
    ours: int = 0
    theirs: int = 0
    differences: list[Difference] = field(default_factory=list)
    # Movements of the account that no order of this shop is behind, and what they come to.
    others: int = 0
    others_amount: int = 0

    @property
    def agrees(self) -> bool:
        return not self.problem and not self.differences


def compare(section: Section, period: Period) -> Comparison:
    """Ask the section's account for its books of the period. One that cannot be asked is said, and raises nothing."""
    try:
        transactions = ask(section, period)
    except StorefrontError as error:
        return Comparison(section, problem=error.code, lacks_permission=isinstance(error, KeyLacksPermission))
    return comparison_of(section, period, transactions)


def ask(section: Section, period: Period) -> list[BalanceTransaction]:
    """With some days around the period. Raises NoKeypair, StripeRefused or StripeUnreachable."""
    keypair = section.keypair
    if keypair is None:
        raise NoKeypair(section.currency)
    since, until = period.start - MARGIN, period.end + MARGIN
    found = api.list_balance_transactions(keypair, since=since, until=until)
    return [each for each in found if each.category in CATEGORIES and each.currency == section.currency]


def comparison_of(section: Section, period: Period, transactions: list[BalanceTransaction]) -> Comparison:
    ours, theirs = our_entries(section, period), of_section(section, their_entries(transactions))
    foreign = not_of_this_shop(theirs, ours)
    comparison = Comparison(section)
    for name, entry in foreign.items():
        if is_within(entry, period):
            comparison.others += 1
            comparison.others_amount += entry.amount
        del theirs[name]
    comparison.ours = total(ours, period)
    comparison.theirs = total(theirs, period)
    comparison.differences = list(differences(ours, theirs, period))
    return comparison


def our_entries(section: Section, period: Period) -> Entries:
    widened = Period((period.start - MARGIN).date(), (period.end + MARGIN).date())
    entries: Entries = defaultdict(Entry)
    for movement in movements.ALL:
        rows = (
            movement.rows(widened)
            .filter(section.row)
            .annotate(
                key=F(movement.key),
                paid_by=F(f"{movement.payment}pk"),
                refunded=F(f"{movement.payment}refunded_amount"),
            )
        )
        for row in rows.values("key", "moved", "moved_at", "moved_order", "paid_by", "refunded"):
            entry = entries[movement.category, row["key"] or f"payment {row['paid_by']}"]
            entry.amount += movement.sign * row["moved"]
            entry.at, entry.order_id, entry.payment_id = row["moved_at"], row["moved_order"], row["paid_by"]
            entry.was_paid_twice = movement is movements.TAKEN_AGAIN and row["refunded"] < row["moved"]
    return entries


def their_entries(transactions: Iterable[BalanceTransaction]) -> Entries:
    entries: Entries = defaultdict(Entry)
    for transaction in transactions:
        key = transaction.payment_intent_id if transaction.category == "charge" else transaction.source_id
        entry = entries[transaction.category, key]
        entry.amount += transaction.amount
        # As the shop reads them: what was withdrawn first, and what came back last.
        which = min if transaction.category == "dispute" else max
        entry.at = which(entry.at or transaction.created, transaction.created)
        entry.payment_intent_id, entry.order = transaction.payment_intent_id, transaction.order
    note_payments(entries)
    return entries


def note_payments(entries: Entries) -> None:
    """Which payment of ours each is about, if any: by its PaymentIntent, or by the order that its charge names."""
    intent_ids = {entry.payment_intent_id for entry in entries.values()} - {""}
    payments = Payment.objects.filter(payment_intent_id__in=intent_ids)
    by_intent = {payment.payment_intent_id: payment for payment in payments}
    named = [entry.order for entry in entries.values() if is_uuid(entry.order)]
    orders = dict(Order.objects.filter(uuid__in=named).values_list("uuid", "pk"))
    by_order = {str(uuid): pk for uuid, pk in orders.items()}
    for entry in entries.values():
        payment = by_intent.get(entry.payment_intent_id)
        entry.order_id = payment.order_id if payment else by_order.get(entry.order)
        entry.payment_id = payment.pk if payment else None
        entry.publishable_key = payment.publishable_key if payment else ""


def of_section(section: Section, entries: Entries) -> Entries:
    """Without what was paid by a publishable key that was rolled since: that has a section of its own."""
    return {name: entry for name, entry in entries.items() if entry.publishable_key in ("", section.account)}


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def not_of_this_shop(theirs: Entries, ours: Entries) -> Entries:
    """An account may serve another shop as well."""
    return {name: entry for name, entry in theirs.items() if not entry.order_id and name not in ours}


def total(entries: Entries, period: Period) -> int:
    return sum(entry.amount for entry in entries.values() if is_within(entry, period))


def is_within(entry: Entry | None, period: Period) -> bool:
    return bool(entry and entry.at and period.start <= entry.at < period.end)


def differences(ours: Entries, theirs: Entries, period: Period) -> Iterator[Difference]:
    """In the order of the times, of what is in the period on either side."""
    for name in sorted(ours.keys() | theirs.keys(), key=lambda name: time_of(ours.get(name) or theirs[name])):
        own, their = ours.get(name), theirs.get(name)
        if is_within(own, period) or is_within(their, period):
            for kind in kinds_of(own, their, period):
                yield Difference(kind, *name, own, their)


def time_of(entry: Entry) -> float:
    return entry.at.timestamp() if entry.at else 0


def kinds_of(own: Entry | None, their: Entry | None, period: Period) -> Iterator[Kind]:
    if own is None:
        yield Kind.MISSING_HERE
    elif their is None:
        yield Kind.MISSING_THERE
    elif own.amount != their.amount:
        yield Kind.OTHER_AMOUNT
    elif is_within(own, period) != is_within(their, period):
        yield Kind.OTHER_TIME
    if own and own.was_paid_twice:
        yield Kind.PAID_TWICE
