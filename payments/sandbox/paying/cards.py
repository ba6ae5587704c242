"""The test cards, and what each does. Of a number, only the last four digits are kept."""

import re
from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext_lazy, gettext_noop


class Behavior(Enum):
    PAYS = gettext_noop("pays")
    DECLINES = gettext_noop("is declined")
    AUTHENTICATES = gettext_noop("asks for confirmation first")
    REFUNDS_SLOWLY = gettext_noop("pays, and a refund takes 10 seconds")
    REFUND_FAILS = gettext_noop("pays, and a refund fails after 10 seconds")
    IS_DISPUTED = gettext_noop("pays, and is disputed as fraudulent")
    IS_INQUIRED = gettext_noop("pays, and the bank inquires")


TEST_CARDS = {
    "4242424242424242": Behavior.PAYS,
    "4000000000000002": Behavior.DECLINES,
    "4000002500003155": Behavior.AUTHENTICATES,
    "4000000000007726": Behavior.REFUNDS_SLOWLY,
    "4000000000005126": Behavior.REFUND_FAILS,
    "4000000000000259": Behavior.IS_DISPUTED,
    "4000000000001976": Behavior.IS_INQUIRED,
}


# As the hosted page shows them.
HINTS = [
    (" ".join(re.findall("....", number)), gettext_lazy(behavior.value)) for number, behavior in TEST_CARDS.items()
]


@dataclass(frozen=True)
class Card:
    behavior: Behavior
    last4: str
    exp_month: int = 12
    exp_year: int = 2099
    brand: str = "visa"


def card_of(number: str) -> Card | None:
    """The test card of this number; None for any other."""
    behavior = TEST_CARDS.get(number)
    return Card(behavior, number[-4:]) if behavior else None
