"""What an order comes to, to the last minor unit."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments import money
from payments.pricing import DiscountTerms, Price, TaxTerms, price
from payments.sandbox.objects import amounts

TEN_PERCENT_OFF = DiscountTerms(percent=Decimal(10))


def tax(percentage: str, *, inclusive: bool) -> TaxTerms:
    return TaxTerms(Decimal(percentage), inclusive)


@pytest.mark.parametrize(
    ("amounts", "discount", "taxes", "tax_amounts", "totals"),
    [
        ((500, 1000), TEN_PERCENT_OFF, [tax("5", inclusive=False)], [(23,), (45,)], (473, 945)),
        ((500, 1000), TEN_PERCENT_OFF, [tax("5", inclusive=True)], [(21,), (43,)], (450, 900)),
        (
            (500, 1000),
            TEN_PERCENT_OFF,
            [tax("5", inclusive=True), tax("7", inclusive=False)],
            [(21, 30), (43, 60)],
            (480, 960),
        ),
        ((100000, 5000), None, [tax("10", inclusive=True)], [(9091,), (455,)], (100000, 5000)),
    ],
)
def test_the_examples_that_stripe_publishes_come_out(
    amounts: tuple[int, ...],
    discount: DiscountTerms | None,
    taxes: list[TaxTerms],
    tax_amounts: list[tuple[int, ...]],
    totals: tuple[int, ...],
) -> None:
    priced = price([(amount, 1) for amount in amounts], discount=discount, taxes=taxes)
    assert [line.taxes for line in priced.lines] == tax_amounts
    assert tuple(line.total for line in priced.lines) == totals
    assert priced.total == sum(totals)


def test_half_a_minor_unit_is_rounded_up() -> None:
    assert price([(50, 1)], taxes=[tax("5", inclusive=False)]).taxes == (3,)
    assert price([(5, 1)], discount=TEN_PERCENT_OFF).discount == 1


def test_a_fixed_discount_is_spread_in_proportion_and_adds_up() -> None:
    priced = price([(1000, 1), (1000, 1), (1000, 1)], discount=DiscountTerms(amount=1000))
    assert sorted(line.discount for line in priced.lines) == [333, 333, 334]


def test_a_fixed_discount_is_never_more_than_there_is_to_pay() -> None:
    priced = price([(300, 1), (200, 1)], discount=DiscountTerms(amount=9999), taxes=[tax("20", inclusive=False)])
    assert (priced.discount, priced.taxes, priced.total) == (500, (0,), 0)


lines = st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 999)), min_size=1, max_size=12)
percents = st.decimals(Decimal("0.01"), 100, places=2)
discounts = st.none() | st.builds(DiscountTerms, percents) | st.builds(DiscountTerms, st.none(), st.integers(1, 10**10))
taxes = st.lists(st.builds(TaxTerms, st.decimals(0, 50, places=4), st.booleans()), max_size=4)
currencies = st.sampled_from(["USD", "EUR", "JPY", "ISK", "BHD", "KWD"])


def price_in(
    currency: str, lines: list[tuple[int, int]], discount: DiscountTerms | None, taxes: list[TaxTerms]
) -> Price:
    """With unit amounts and discounts that the currency can have."""
    step = money.step(currency)
    if discount and discount.percent is None:
        discount = DiscountTerms(amount=discount.amount * step)
    units = [(unit_amount * step, quantity) for unit_amount, quantity in lines]
    return price(units, discount=discount, taxes=taxes, step=step)


@given(currencies, lines, discounts, taxes)
def test_the_parts_add_up_and_nothing_is_negative(
    currency: str, lines: list[tuple[int, int]], discount: DiscountTerms | None, taxes: list[TaxTerms]
) -> None:
    priced = price_in(currency, lines, discount, taxes)
    on_top = sum(amount for term, amount in zip(taxes, priced.taxes, strict=True) if not term.inclusive)
    assert priced.total == priced.subtotal - priced.discount + on_top
    assert sum(line.subtotal for line in priced.lines) == priced.subtotal
    for line in priced.lines:
        assert 0 <= line.discount <= line.subtotal
        assert line.total >= 0
        assert min(line.taxes, default=0) >= 0
    included = sum(amount for term, amount in zip(taxes, priced.taxes, strict=True) if term.inclusive)
    # Each of several inclusive taxes is rounded by itself, up to half a unit a line.
    assert included <= priced.subtotal - priced.discount + len(taxes) * len(lines) * money.step(currency)


@given(currencies, lines, discounts, taxes)
def test_every_amount_is_one_that_the_currency_can_have(
    currency: str, lines: list[tuple[int, int]], discount: DiscountTerms | None, taxes: list[TaxTerms]
) -> None:
    priced = price_in(currency, lines, discount, taxes)
    for line in priced.lines:
        for amount in (line.subtotal, line.discount, *line.taxes, line.total):
            assert amount % money.step(currency) == 0


@given(currencies, lines, discounts, taxes, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(
    currency: str, lines: list[tuple[int, int]], discount: DiscountTerms | None, taxes: list[TaxTerms], random: Random
) -> None:
    shuffled = lines[:]
    random.shuffle(shuffled)
    one, other = (price_in(currency, some, discount, taxes) for some in (lines, shuffled))
    assert (one.subtotal, one.discount, one.taxes, one.total) == (
        other.subtotal,
        other.discount,
        other.taxes,
        other.total,
    )


@given(lines, st.integers(1, 10**11))
def test_the_spread_of_a_fixed_discount_adds_up_exactly(lines: list[tuple[int, int]], amount: int) -> None:
    priced = price(lines, discount=DiscountTerms(amount=amount))
    assert priced.discount == min(amount, priced.subtotal)


@given(currencies, lines, discounts, taxes)
def test_the_stand_in_comes_to_the_same_by_rules_of_its_own(
    currency: str, lines: list[tuple[int, int]], discount: DiscountTerms | None, taxes: list[TaxTerms]
) -> None:
    step = money.step(currency)
    subtotals = [unit_amount * step * quantity for unit_amount, quantity in lines]
    taken_off = [0] * len(lines)
    if discount and discount.percent is not None:
        taken_off = amounts.percent_discounts(subtotals, discount.percent, step)
    elif discount:
        taken_off = amounts.amount_discounts(subtotals, discount.amount * step, step)
    rates = [amounts.Rate(term.percentage, term.inclusive) for term in taxes]
    theirs = [amounts.line_amounts(*pair, rates, step) for pair in zip(subtotals, taken_off, strict=True)]
    ours = price_in(currency, lines, discount, taxes).lines
    assert [(line.discount, line.taxes, line.total) for line in ours] == [
        (line.discount, line.taxes, line.total) for line in theirs
    ]
