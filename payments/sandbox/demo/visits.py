"""Who comes when, for what, and how it ends: told by the dice of a seed, so that it can be told again."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from random import Random

from payments.models import Discount, Item

DAYS = 31
MOST_A_DAY = 20
# How many of a hundred come in each hour of the day.
HOURS = (1, 1, 0, 0, 0, 1, 2, 3, 4, 5, 5, 6, 7, 6, 5, 5, 5, 6, 6, 7, 9, 8, 5, 3)
WEEKEND = 1.6

FIRST_NAMES = """
    Ada Amara Anna Boris Chiara Daniel Elif Emma Farid Felix Greta Hana Igor Ines Jonas Kenji Lena Leo Lina Maja Marek
    Mila Nadia Noor Olga Pavel Petra Rosa Samir Sofia Tariq Theo Vera Yuki Zoe
"""
LAST_NAMES = """
    Adler Almeida Bauer Becker Costa Demir Dubois Fischer Garcia Haddad Ivanova Jansen Kowalski Lindqvist Marino Meyer
    Nakamura Novak Okafor Petrov Rossi Sato Schmidt Silva Smirnova Sokolov Tanaka Vogel Weber Yilmaz
"""


class Ending(Enum):
    """What becomes of a visit."""

    PAID = "paid"
    CONFIRMED = "paid after the bank asked"
    DECLINED_FIRST = "paid after a card was declined"
    BANK_TAKES_TIME = "paid by a bank that took its time"
    ABANDONED = "abandoned"
    FREE = "free"
    REFUNDED_PARTLY = "refunded in part"
    REFUNDED_FULLY = "refunded in full"
    REFUNDED_SLOWLY = "refunded by a bank that took its time"
    REFUND_FAILED = "refunded in vain"
    DISPUTED = "disputed"
    DISPUTE_WON = "disputed and won"
    DISPUTE_LOST = "disputed and lost"
    INQUIRED = "inquired by the bank"


# How many of a hundred go that way; those that are not named, one.
SHARES = {
    Ending.PAID: 52,
    Ending.CONFIRMED: 8,
    Ending.DECLINED_FIRST: 7,
    Ending.BANK_TAKES_TIME: 3,
    Ending.ABANDONED: 13,
    Ending.FREE: 3,
    Ending.REFUNDED_PARTLY: 5,
    Ending.REFUNDED_FULLY: 3,
}


@dataclass(frozen=True)
class Visit:
    number: int
    begins: datetime
    ending: Ending
    lines: tuple[tuple[Item, int], ...]
    email: str
    language: str
    discount: Discount | None
    on_own_page: bool
    by_staff: bool

    @property
    def currency(self) -> str:
        return self.lines[0][0].currency


class Dice:
    def __init__(self, seed: int, *, items: dict[str, list[Item]], languages: list[str]) -> None:
        self.random = Random(seed)  # noqa: S311  (nobody's secret)
        self.items = items
        self.languages = languages
        self.discounts = {discount.code: discount for discount in Discount.objects.all() if discount.code}

    def visits(self, count: int, until: datetime) -> list[Visit]:
        """In the order in which they begin."""
        begins = sorted(self.moments(count, until))
        return [self.visit(number, *each) for number, each in enumerate(zip(begins, self.endings(count), strict=True))]

    def moments(self, count: int, until: datetime) -> Iterator[datetime]:
        """At least one a day where there are enough, and never more than twenty; more at weekends and at night."""
        midnight = until.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [midnight - timedelta(days=number) for number in range(1, DAYS)]
        weights = [WEEKEND if day.weekday() >= 5 else 1 for day in days]
        taken: Counter[datetime] = Counter(days[:count])
        while taken.total() < min(count, MOST_A_DAY * len(days)):
            (day,) = self.random.choices(days, weights)
            taken[day] += taken[day] < MOST_A_DAY
        for day in sorted(taken.elements()):
            (hour,) = self.random.choices(range(24), HOURS)
            yield day + timedelta(hours=hour, seconds=self.random.randrange(3600))

    def endings(self, count: int) -> list[Ending]:
        """One of each where there are enough, the others as often as they happen."""
        kinds = list(Ending)
        drawn = self.random.choices(kinds, [SHARES.get(kind, 1) for kind in kinds], k=max(0, count - len(kinds)))
        endings = [*kinds, *drawn][:count]
        self.random.shuffle(endings)
        return endings

    def visit(self, number: int, begins: datetime, ending: Ending) -> Visit:
        dice = self.random
        currency = dice.choice(list(self.items))
        return Visit(
            number=number,
            begins=begins,
            ending=ending,
            lines=self.lines(currency),
            email=self.email(),
            language=dice.choice(self.languages),
            discount=self.discount(ending),
            on_own_page=dice.random() < 0.35,
            by_staff=dice.random() < 0.08,
        )

    def lines(self, currency: str) -> tuple[tuple[Item, int], ...]:
        of_currency = self.items[currency]
        (count,) = self.random.choices(range(1, 5), (60, 25, 10, 5))
        items = self.random.sample(of_currency, min(count, len(of_currency)))
        return tuple((item, self.random.choices((1, 2, 3), (80, 15, 5))[0]) for item in items)

    def email(self) -> str:
        first, last = self.random.choice(FIRST_NAMES.split()), self.random.choice(LAST_NAMES.split())
        return f"{first}.{last}@example.com".lower()

    def discount(self, ending: Ending) -> Discount | None:
        if ending is Ending.FREE:
            return self.discounts["GIFT"]
        codes = ("", "WELCOME10", "THANKYOU")
        return self.discounts.get(self.random.choices(codes, (75, 15, 10))[0])
