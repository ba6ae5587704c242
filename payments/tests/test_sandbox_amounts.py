"""What the stand-in makes of discounts and taxes: Stripe's published examples, and what must hold for any amounts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.money import is_currency
from payments.sandbox.objects.amounts import (
    LineAmounts,
    Rate,
    amount_discounts,
    half_up,
    line_amounts,
    percent_discounts,
    spread,
    step_of,
)

STEPS = {"USD": 1, "JPY": 1, "ISK": 100, "UGX": 100, "BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10}
INCLUSIVE_5, INCLUSIVE_10 = Rate(Decimal(5), inclusive=True), Rate(Decimal(10), inclusive=True)
EXCLUSIVE_5, EXCLUSIVE_7 = Rate(Decimal(5), inclusive=False), Rate(Decimal(7), inclusive=False)


def lines(subtotals: list[int], percent_off: int, *rates: Rate) -> list[LineAmounts]:
    discounts = percent_discounts(subtotals, Decimal(percent_off), 1)
    return [line_amounts(*both, rates, 1) for both in zip(subtotals, discounts, strict=True)]


# --- Stripe's examples --------------------------------------------------------------------------------------


def test_an_exclusive_tax_is_added_to_what_the_discount_leaves() -> None:
    found = lines([500, 1000], 10, EXCLUSIVE_5)
    assert [line.taxes for line in found] == [(23,), (45,)]
    assert sum(line.total for line in found) == 1418


def test_an_inclusive_tax_is_part_of_what_the_discount_leaves() -> None:
    found = lines([500, 1000], 10, INCLUSIVE_5)
    assert [line.taxes for line in found] == [(21,), (43,)]
    assert sum(line.total for line in found) == 1350


@pytest.mark.parametrize("order", [1, -1], ids=["inclusive first", "exclusive first"])
def test_an_exclusive_tax_is_not_taken_of_an_inclusive_one(order: int) -> None:
    found = lines([500, 1000], 10, *[INCLUSIVE_5, EXCLUSIVE_7][::order])
    assert [line.taxes[::order] for line in found] == [(21, 30), (43, 60)]
    assert [line.total for line in found] == [480, 960]
    assert [line.taxable for line in found] == [429, 857]


def test_an_inclusive_tax_without_a_discount() -> None:
    assert [line.taxes for line in lines([100_000, 5_000], 0, INCLUSIVE_10)] == [(9_091,), (455,)]


def test_inclusive_taxes_share_one_divisor() -> None:
    assert line_amounts(1150, 0, [INCLUSIVE_10, INCLUSIVE_5], 1).taxes == (100, 50)


# --- Steps and halves ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("currency", "step"), STEPS.items())
def test_a_currency_has_a_step(currency: str, step: int) -> None:
    assert is_currency(currency)
    assert step_of(currency) == step


@pytest.mark.parametrize(
    ("amount", "step", "rounded"), [("0.5", 1, 1), ("1.5", 1, 2), ("2.4999", 1, 2), ("50", 100, 100), ("45", 10, 50)]
)
def test_a_half_is_rounded_up(amount: str, step: int, rounded: int) -> None:
    assert half_up(Decimal(amount), step) == rounded


def test_what_is_left_over_goes_to_the_largest_remainders_and_larger_lines_win_ties() -> None:
    assert spread(100, [1, 1, 1]) == [34, 33, 33]
    assert spread(4, [57, 95]) == [1, 3]
    assert spread(10, [199, 299, 502]) == [2, 3, 5]
    assert spread(1, [1, 2, 2]) == [0, 1, 0]
    assert spread(0, [0, 0]) == [0, 0]


def test_an_amount_off_is_no_more_than_there_is_to_pay() -> None:
    assert amount_discounts([300, 200], 10_000, 1) == [300, 200]
    assert amount_discounts([0, 0], 100, 1) == [0, 0]


# --- For any amounts ----------------------------------------------------------------------------------------

steps = st.sampled_from([1, 10, 100])
counts = st.lists(st.integers(0, 999_999), min_size=1, max_size=20)
percents = st.decimals("0.01", 100, places=2)
rates = st.builds(Rate, st.decimals(0, 100, places=4), st.booleans())


@given(counts, percents, steps)
def test_a_percent_discount_is_valid_and_the_order_of_lines_does_not_matter(
    counts: list[int], percent_off: Decimal, step: int
) -> None:
    subtotals = [count * step for count in counts]
    discounts = percent_discounts(subtotals, percent_off, step)
    assert percent_discounts(subtotals[::-1], percent_off, step) == discounts[::-1]
    for subtotal, discount in zip(subtotals, discounts, strict=True):
        assert 0 <= discount <= subtotal
        assert discount % step == 0
        assert abs(discount - subtotal * percent_off / 100) <= Decimal(step) / 2


@given(counts, st.integers(1, 99_999_999), steps)
def test_an_amount_off_is_spread_so_that_it_adds_up(counts: list[int], count: int, step: int) -> None:
    subtotals, off = [each * step for each in counts], count * step
    discounts = amount_discounts(subtotals, off, step)
    whole = min(off, sum(subtotals))
    assert sum(discounts) == whole
    for subtotal, discount in zip(subtotals, discounts, strict=True):
        assert 0 <= discount <= subtotal
        assert discount % step == 0
        assert abs(discount * sum(subtotals) - whole * subtotal) < step * (sum(subtotals) or 1)


@given(st.integers(0, 99_999_999), st.integers(0, 99_999_999), st.lists(rates, max_size=10), steps)
def test_the_parts_of_a_line_add_up_and_none_is_negative(one: int, other: int, rates: list[Rate], step: int) -> None:
    subtotal, discount = max(one, other) * step, min(one, other) * step
    found = line_amounts(subtotal, discount, rates, step)
    of_kind = {
        kind: sum(tax for tax, rate in zip(found.taxes, rates, strict=True) if rate.inclusive is kind)
        for kind in (True, False)
    }
    assert found.total == subtotal - discount + of_kind[False]
    assert found.taxable + of_kind[True] == subtotal - discount
    assert found.taxable >= 0
    assert all(tax >= 0 and tax % step == 0 for tax in found.taxes)
