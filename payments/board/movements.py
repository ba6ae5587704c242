"""Each way in which money moved: which rows tell of it, when it was and how much."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Coalesce

from payments.board.periods import Period
from payments.models import Dispute, Payment, Refund


@dataclass(frozen=True)
class Movement:
    model: type[Model]
    # The category in the account's own books.
    category: str
    # Whether the shop has more by it, or less.
    sign: int
    at: Any
    amount: str
    # By which the books name what caused it: a PaymentIntent, or the refund or dispute itself.
    key: str
    # How to come to the payment from there.
    payment: str = ""
    which: Q = Q()

    def rows(self, period: Period) -> QuerySet[Any]:
        """Those of the period, each with its section, `moved_at` and `moved`."""
        rows = self.model._default_manager.order_by().annotate(moved_at=self.at)
        within = rows.filter(self.which, moved_at__gte=period.start, moved_at__lt=period.end)
        found: QuerySet[Any] = within.annotate(
            moved=F(self.amount),
            section_account=F(f"{self.payment}publishable_key"),
            section_livemode=F(f"{self.payment}livemode"),
            section_currency=F("currency" if self.model is not Refund else "payment__currency"),
            moved_order=F(f"{self.payment}order"),
        )
        return found


# One that failed before it was known to have been made, or of which no time is known, is as if it had never been.
MADE = ~Q(status__in=["created", "failed", "canceled"]) | Q(failed_at__isnull=False)

TAKEN = Movement(Payment, "charge", 1, F("order__paid_at"), "amount", "payment_intent_id", which=Q(status="paid"))
TAKEN_AGAIN = Movement(
    Payment,
    "charge",
    1,
    Coalesce("ended_at", "changed"),
    "amount",
    "payment_intent_id",
    which=Q(status="duplicate"),
)
REFUNDED = Movement(Refund, "refund", -1, F("created"), "amount", "stripe_id", "payment__", which=MADE)
REFUND_FAILED = Movement(Refund, "refund_failure", 1, F("failed_at"), "amount", "stripe_id", "payment__")
WITHDRAWN = Movement(Dispute, "dispute", -1, F("withdrawn_at"), "withdrawn_amount", "stripe_id", "payment__")
REINSTATED = Movement(Dispute, "dispute_reversal", 1, F("reinstated_at"), "reinstated_amount", "stripe_id", "payment__")

# What the board calls them.
GROSS, REFUNDS, DISPUTES = (TAKEN, TAKEN_AGAIN), (REFUNDED, REFUND_FAILED), (WITHDRAWN, REINSTATED)
ALL = (*GROSS, *REFUNDS, *DISPUTES)
