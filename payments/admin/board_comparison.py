"""What the board says of the account's own books: that they agree, or what does not match and what to do."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from payments.books import Comparison, Difference, Kind
from payments.money import format_amount

CATEGORIES = {
    "charge": gettext_lazy("Payment"),
    "refund": gettext_lazy("Refund"),
    "refund_failure": gettext_lazy("Failed refund"),
    "dispute": gettext_lazy("Dispute"),
    "dispute_reversal": gettext_lazy("Dispute won"),
}
RUN_RECONCILE = gettext_lazy("Run manage.py reconcile, then compare again.")
ADVICE = {
    Kind.MISSING_HERE: (gettext_lazy("Stripe has it, the shop does not"), RUN_RECONCILE),
    Kind.MISSING_THERE: (
        gettext_lazy("The shop has it, Stripe does not in these days"),
        gettext_lazy("Look at the payment in Stripe's dashboard: it may stand on another day, or in another account."),
    ),
    Kind.OTHER_AMOUNT: (
        gettext_lazy("The amounts differ"),
        gettext_lazy("Run manage.py reconcile; if it stays so, look at the payment in Stripe's dashboard."),
    ),
    Kind.OTHER_TIME: (
        gettext_lazy("It agrees, and counts in another period on one side"),
        gettext_lazy("Nothing is to be done: choose a period that has both days."),
    ),
    Kind.PAID_TWICE: (
        gettext_lazy("The order was paid twice"),
        gettext_lazy("Refund this payment, unless the shopper wants something else for it."),
    ),
}
SILENT = gettext_lazy(
    "The account did not answer in time, so nothing was compared. Try again in a minute, for this account alone or "
    "for a shorter period."
)
NOT_ALLOWED = gettext_lazy(
    "The restricted key may not read the account's books, so nothing was compared. Allow it to read Balance "
    "Transaction Sources, Charges and Refunds, and Disputes, in Stripe's dashboard."
)
PROBLEMS = {
    "no_keypair": gettext_lazy(
        "No keypair is of this account any more, so it cannot be asked. Add its keys as those of a retired account."
    ),
    "stripe_refused": gettext_lazy(
        "Stripe refused to show the account's books, so nothing was compared. Run manage.py stripe_doctor."
    ),
}


def shown_comparison(comparison: Comparison) -> dict[str, Any]:
    def amount(minor_units: int) -> str:
        return format_amount(minor_units, comparison.section.currency)

    return {
        "agrees": comparison.agrees,
        "problem": problem_of(comparison),
        "ours": amount(comparison.ours),
        "theirs": amount(comparison.theirs),
        "differences": [difference_shown(difference, amount) for difference in comparison.differences],
        "others": others_shown(comparison, amount),
    }


def problem_of(comparison: Comparison) -> str:
    if not comparison.problem:
        return ""
    return str(NOT_ALLOWED if comparison.lacks_permission else PROBLEMS.get(comparison.problem, SILENT))


def others_shown(comparison: Comparison, amount: Callable[[int], str]) -> str:
    if not comparison.others:
        return ""
    return ngettext(
        "%(count)s other movement of this account, of %(amount)s, is for no order of this shop.",
        "%(count)s other movements of this account, of %(amount)s together, are for no order of this shop.",
        comparison.others,
    ) % {"count": comparison.others, "amount": amount(comparison.others_amount)}


def difference_shown(difference: Difference, amount: Callable[[int], str]) -> dict[str, Any]:
    what, advice = ADVICE[difference.kind]
    ours, theirs, entry = difference.ours, difference.theirs, difference.entry
    return {
        "what": what,
        "advice": advice,
        "category": CATEGORIES[difference.category],
        "stripe_id": difference.stripe_id,
        "at": entry.at,
        "ours": amount(ours.amount) if ours else "–",
        "theirs": amount(theirs.amount) if theirs else "–",
        "payment": entry.payment_id,
        "order": entry.order_id,
    }
