"""The owner's page: each figure says what it says to the minor unit, and leads to exactly its orders."""

import csv
import html
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from djmoney.money import Money

from payments import checkout, disputes, fulfillment, refunds
from payments.board.figures import Figures, figures_of
from payments.board.periods import Period, named
from payments.gateway.keys import ring
from payments.models import Discount, Dispute, Item, NewOrder, Order, Payment, Refund, Tax
from payments.models.purchases import taxes_put_on

NOON = datetime(2026, 11, 15, 12, tzinfo=UTC)
DISPUTED, FAILS = "4000 0000 0000 0259", "4000 0000 0000 5126"
Pay = Callable[..., Any]
Buy = Callable[..., Order]


@pytest.fixture
def buy(pay: Pay) -> Buy:
    """An order of this many of the item, paid at a time; the webhooks are lost, and the shopper comes back."""

    def bought(
        item: Item, quantity: int = 1, *, at: datetime = NOON, discount: Discount | None = None, number: str = ""
    ) -> Order:
        with time_machine.travel(at, tick=False):
            taxes = taxes_put_on(item.currency)
            offer = NewOrder(item.currency, ((item, quantity),), taxes, discount)
            (order,) = Order.objects.for_purchase([offer], purchase_key=uuid.uuid4().hex)
            payment = checkout.open_session(order=order, origin="http://testserver")
            if payment:
                pay(payment.url, number or "4242 4242 4242 4242")
                fulfillment.settle(payment)
        return Order.objects.get(pk=order.pk)

    return bought


@pytest.fixture
def november() -> Period:
    return Period(date(2026, 11, 1), date(2026, 11, 30))


def figures(currency: str, period: Period) -> Figures:
    (found,) = [each for each in figures_of(period) if each.section.currency == currency]
    return found


def payment_of(order: Order) -> Payment:
    payment: Payment = order.payments.get(status="paid")
    return payment


def refund(order: Order, amount: int, by: User, at: datetime = NOON) -> Refund:
    with time_machine.travel(at, tick=False):
        return refunds.refund(payment=payment_of(order), amount=amount, reason="duplicate", note="", by=by)


def page(client: Client, query: str = "?period=own&first=2026-11-01&last=2026-11-30") -> str:
    response = client.get(f"/admin/board/{query}")
    assert response.status_code == 200
    return html.unescape(response.content.decode()).replace("\xa0", " ")


def linked_orders(client: Client, shown: str, label: str) -> list[int]:
    """Which orders the list shows behind the figure with this label, in the first section that has it."""
    found = re.search(rf'<dt>{label}</dt>\s*<dd class="board-value"><a href="([^"]+)">', shown)
    assert found, shown
    response = client.get(found[1])
    assert response.status_code == 200
    return sorted(order.pk for order in response.context["cl"].result_list)


def test_two_currencies_are_never_one_sum(buy: Buy, usd_mug: Item, eur_mug: Item, november: Period) -> None:
    buy(usd_mug, 2)
    buy(eur_mug)
    assert (figures("USD", november).gross, figures("EUR", november).gross) == (3800, 1750)
    assert figures("JPY", november).is_empty


def test_gross_has_taxes_and_not_what_was_given_off(buy: Buy, usd_mug: Item, november: Period) -> None:
    Tax.objects.create(display_name="Sales tax", percentage=Decimal("8.875"), inclusive=False, automatic=True)
    Tax.objects.create(display_name="City tax", percentage=Decimal(1), inclusive=False, automatic=True)
    order = buy(usd_mug, 2, discount=Discount.objects.create(name="Ten", percent=Decimal(10)))
    found = figures("USD", november)
    assert (found.discounts, found.taxes) == (380, 304 + 34)
    assert found.gross == found.net == found.average == order.price.total == 3420 + 338


def test_a_refund_counts_when_it_went_back_whenever_the_order_was_paid(
    buy: Buy, usd_mug: Item, admin_user: User, november: Period
) -> None:
    order = buy(usd_mug, at=NOON - timedelta(days=40))
    refund(order, 700, admin_user)
    found = figures("USD", november)
    assert (found.gross, found.refunds, found.net, found.orders) == (0, 700, -700, 0)
    assert found.refunds_of == {date(2026, 11, 15): 700}


def test_a_refund_that_fails_counts_when_it_was_made_and_is_taken_off_when_it_failed(
    buy: Buy, usd_mug: Item, admin_user: User, november: Period
) -> None:
    order = buy(usd_mug, at=NOON - timedelta(days=40), number=FAILS)
    refund(order, 1900, admin_user, at=datetime(2026, 10, 31, 12, tzinfo=UTC))
    with time_machine.travel(NOON, tick=False):
        refunds.settle(payment_of(order))
    assert figures("USD", Period(date(2026, 10, 1), date(2026, 10, 31))).refunds == 1900
    assert figures("USD", november).refunds == -1900
    assert figures("USD", Period(date(2026, 10, 1), date(2026, 11, 30))).refunds == 0


def test_a_refund_that_stripe_never_made_is_none(buy: Buy, usd_mug: Item, november: Period) -> None:
    payment = payment_of(buy(usd_mug))
    Refund.objects.create(payment=payment, amount=500, status="failed", created=NOON)
    Refund.objects.create(payment=payment, amount=500, status="created", created=NOON)
    assert figures("USD", november).refunds == 0


@pytest.mark.parametrize(("button", "held"), [("", 1900), ("win", 0), ("lose", 1900)])
def test_a_dispute_counts_while_it_is_open_or_lost(
    buy: Buy, admin_client: Client, usd_mug: Item, november: Period, button: str, held: int
) -> None:
    order = buy(usd_mug, number=DISPUTED)
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        decide(admin_client, payment_of(order), button)
    found = figures("USD", november)
    assert (found.gross, found.disputes, found.net) == (1900, held, 1900 - held)


def decide(staff: Client, payment: Payment, button: str) -> None:
    disputes.settle(payment)
    if button:
        dispute = Dispute.objects.get(payment=payment).stripe_id
        staff.post(f"/sandbox/payments/{payment.payment_intent_id}", {"act": button, "dispute": dispute})
        disputes.settle(payment)


def test_an_inquiry_takes_no_money(buy: Buy, admin_client: Client, usd_mug: Item, november: Period) -> None:
    order = buy(usd_mug, number="4000 0000 0000 1976")
    decide(admin_client, payment_of(order), "")
    assert figures("USD", november).disputes == 0


def test_a_free_order_counts_as_an_order_and_not_as_money(
    buy: Buy, admin_client: Client, usd_mug: Item, november: Period
) -> None:
    paid = buy(usd_mug)
    free = buy(usd_mug, discount=Discount.objects.create(name="Gift", percent=Decimal(100)))
    found = figures("USD", november)
    assert (found.orders, found.free_orders, found.gross, found.average, found.discounts) == (2, 1, 1900, 1900, 1900)
    assert linked_orders(admin_client, page(admin_client), "Orders") == [paid.pk, free.pk]
    assert linked_orders(admin_client, page(admin_client), "Average order") == [paid.pk]
    assert linked_orders(admin_client, page(admin_client), "Discounts") == [free.pk]


def test_free_orders_of_a_currency_that_nobody_sells_in_any_more_are_shown_by_themselves(
    buy: Buy, admin_client: Client, usd_mug: Item, settings: Any
) -> None:
    free = buy(usd_mug, discount=Discount.objects.create(name="Gift", percent=Decimal(100)))
    settings.STRIPE_KEYPAIRS = {code: keypair for code, keypair in ring().items() if code != "USD"}
    shown = page(admin_client)
    assert "no account sells in this currency any more" in shown
    assert linked_orders(admin_client, shown[shown.index("USD") :], "Orders") == [free.pk]


def test_what_was_paid_twice_is_money_and_is_told_of(
    buy: Buy, admin_client: Client, usd_mug: Item, november: Period
) -> None:
    order = buy(usd_mug)
    pay_again(order)
    found = figures("USD", november)
    assert (found.gross, found.paid_twice, found.payments_made_twice, found.paid_orders) == (3800, 1900, 1, 1)
    assert found.average == 1900
    shown = page(admin_client)
    assert "payment for an order that was paid already. Refund it." in shown
    assert linked_orders(admin_client, shown, "Paid twice") == [order.pk]


def pay_again(order: Order, at: datetime = NOON) -> Payment:
    first = payment_of(order)
    again: Payment = Payment.objects.create(
        order=order,
        attempt=first.attempt + 1,
        status="open",
        publishable_key=first.publishable_key,
        livemode=False,
        currency=first.currency,
        amount=first.amount,
        checkout_session_id="cs_test_again",
    )
    with time_machine.travel(at, tick=False):
        assert again.mark_duplicate(payment_intent_id="pi_again")
    return again


def test_conversion_is_the_part_of_what_was_offered_that_is_paid(
    buy: Buy, admin_client: Client, usd_mug: Item, november: Period
) -> None:
    paid = buy(usd_mug)
    with time_machine.travel(NOON, tick=False):
        pending = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
        checkout.open_session(order=pending, origin="http://testserver")
    found = figures("USD", november)
    assert (found.offered, found.offered_and_paid, found.conversion) == (2, 1, Decimal("50.0"))
    shown = page(admin_client)
    assert linked_orders(admin_client, shown, "Offered") == [paid.pk, pending.pk]
    assert linked_orders(admin_client, shown, "Conversion") == [paid.pk]


def test_each_figure_leads_to_exactly_its_orders(
    buy: Buy, admin_client: Client, admin_user: User, usd_mug: Item, eur_mug: Item
) -> None:
    Tax.objects.create(display_name="Tax", percentage=Decimal(5), inclusive=True, automatic=True, currencies="USD, EUR")
    other_tea = Item.objects.create(name="Tea", price=Money("5.00", "USD"))
    before = buy(usd_mug, at=datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC))
    first = buy(usd_mug, at=datetime(2026, 11, 1, tzinfo=UTC))
    tea = buy(other_tea, 3, discount=Discount.objects.create(name="Ten", percent=Decimal(10)))
    disputed = buy(usd_mug, number=DISPUTED)
    decide(admin_client, payment_of(disputed), "")
    buy(eur_mug)
    refund(before, 100, admin_user)
    shown = page(admin_client)
    in_dollars = shown[shown.index(">USD") :]
    of_period = [first.pk, tea.pk, disputed.pk]
    assert linked_orders(admin_client, in_dollars, "Gross") == of_period
    assert linked_orders(admin_client, in_dollars, "Orders") == of_period
    assert linked_orders(admin_client, in_dollars, "Taxes") == of_period
    assert linked_orders(admin_client, in_dollars, "Discounts") == [tea.pk]
    assert linked_orders(admin_client, in_dollars, "Refunds") == [before.pk]
    assert linked_orders(admin_client, in_dollars, "Disputes") == [disputed.pk]
    assert linked_orders(admin_client, in_dollars, "Net") == [before.pk, *of_period]
    item = re.search(r'<a href="([^"]+)">Tea</a>', in_dollars)
    assert item
    assert [order.pk for order in admin_client.get(item[1]).context["cl"].result_list] == [tea.pk]


def test_the_list_says_which_figure_it_shows(buy: Buy, admin_client: Client, usd_mug: Item) -> None:
    buy(usd_mug)
    shown = page(admin_client)
    link = re.search(r'<dt>Gross</dt>\s*<dd class="board-value"><a href="([^"]+)">USD', shown)
    assert link
    assert "Gross in USD, Nov. 1, 2026 to Nov. 30, 2026" in admin_client.get(link[1]).content.decode()


@pytest.mark.parametrize(
    "counted",
    ["", "gross", "gross|USD|test|pk|2026-11-01|2026-10-01||", "x|USD|test|pk|2026-11-01|2026-11-02||"]
    + ["item|USD|test|pk|2026-11-01|2026-11-02|99999999999999999999|", "gross|USD|test|p\0k|2026-11-01|2026-11-02||"]
    + ["gross|USD|test|pk|0001-01-01|0001-01-01||", "item|USD|test|pk|2026-11-01|2026-11-02|x|"],
)
def test_an_address_that_nobody_was_given_shows_no_orders(
    admin_client: Client, buy: Buy, usd_mug: Item, counted: str
) -> None:
    response = admin_client.get("/admin/payments/order/", {"counted": counted})
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/payments/order/?e=1")


def test_the_best_items_are_those_of_the_paid_orders_by_sum_and_by_count(
    buy: Buy, usd_mug: Item, november: Period
) -> None:
    tea = Item.objects.create(name="Tea", price=Money("2.00", "USD"))
    buy(usd_mug)
    buy(usd_mug)
    again = buy(tea, 5)
    pay_again(again)
    Order.objects.for_item(tea, quantity=100, visitor="who never pays")
    found = figures("USD", november)
    assert [(item.name, item.count, item.amount) for item in found.best_by_sum] == [
        ("Stoneware Mug", 2, 3800),
        ("Tea", 5, 1000),
    ]
    assert [item.name for item in found.best_by_count] == ["Tea", "Stoneware Mug"]


def test_no_more_than_five_items_of_a_currency_are_shown(buy: Buy, eur_mug: Item, november: Period) -> None:
    for number in range(6):
        buy(Item.objects.create(name=f"Tea {number}", price=Money(2 + number, "USD")))
    buy(eur_mug)
    assert [item.name for item in figures("USD", november).best_by_sum] == [
        f"Tea {number}" for number in (5, 4, 3, 2, 1)
    ]
    assert len(figures("EUR", november).best_by_sum) == 1


def test_a_retired_account_is_shown_with_its_orders_beside_the_one_that_sells_now(
    buy: Buy, admin_client: Client, usd_mug: Item, settings: Any
) -> None:
    former = buy(usd_mug)
    retired = replace(ring()["USD"], retired=True)
    present = replace(ring()["USD"], publishable_key="pk_test_sandbox_new", secret_key="sk_test_sandbox_new")
    settings.STRIPE_RETIRED_KEYPAIRS = [retired]
    settings.STRIPE_KEYPAIRS = {**ring(), "USD": present}
    shown = page(admin_client)
    assert "retired: it sells nothing any more" in shown
    assert linked_orders(admin_client, shown, "Gross") == [former.pk]
    settings.STRIPE_RETIRED_KEYPAIRS = []
    assert "no keypair is of this account any more" in page(admin_client)


def test_live_and_test_are_kept_apart(buy: Buy, usd_mug: Item, november: Period) -> None:
    buy(usd_mug)
    live = buy(usd_mug, 2)
    live.payments.update(livemode=True)
    of_dollars = [each for each in figures_of(november) if each.section.currency == "USD"]
    assert [(each.section.livemode, each.gross) for each in of_dollars] == [(True, 3800), (False, 1900)]


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", date(2026, 3, 29), date(2026, 3, 29)),
        ("7days", date(2026, 3, 23), date(2026, 3, 29)),
        ("30days", date(2026, 2, 28), date(2026, 3, 29)),
        ("month", date(2026, 3, 1), date(2026, 3, 29)),
        ("last_month", date(2026, 2, 1), date(2026, 2, 28)),
        ("year", date(2026, 1, 1), date(2026, 3, 29)),
    ],
)
def test_a_day_is_one_of_the_shops_own_time_zone(name: str, first: date, last: date) -> None:
    with time_machine.travel(datetime(2026, 3, 28, 23, 30, tzinfo=UTC)), timezone.override("Europe/Berlin"):
        period = named(name)
        assert (period.first, period.last) == (first, last)
        assert named("today").end - named("today").start == timedelta(hours=24)
        # That night the clock is put forward.
        assert named("today").end.astimezone(UTC) - named("today").start.astimezone(UTC) == timedelta(hours=23)


def test_what_was_paid_around_midnight_counts_on_the_day_that_the_shop_had(buy: Buy, usd_mug: Item) -> None:
    buy(usd_mug, at=datetime(2026, 11, 9, 23, 30, tzinfo=UTC))
    with timezone.override("Europe/Berlin"):
        found = figures("USD", Period(date(2026, 11, 10), date(2026, 11, 10)))
        assert found.gross_of == {date(2026, 11, 10): 1900}
        assert figures("USD", Period(date(2026, 11, 9), date(2026, 11, 9))).gross == 0


def test_a_long_period_is_shown_by_month(buy: Buy, admin_client: Client, usd_mug: Item) -> None:
    buy(usd_mug)
    found = figures("USD", Period(date(2026, 1, 10), date(2026, 12, 31)))
    assert found.gross_of == {date(2026, 11, 1): 1900}
    shown = page(admin_client, "?period=own&first=2026-01-10&last=2026-12-31")
    assert "By month" in shown
    assert "November 2026" in shown


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?period=own&first=2026-11-30&last=2026-11-01", "The last day is before the first"),
        ("?period=own", "Choose the first and the last day"),
        ("?period=own&first=1066-01-01&last=2026-11-01", "at most ten years"),
        ("?period=own&first=yesterday&last=2026-11-01", "Enter a valid date"),
        ("?period=decade", "not one of the available choices"),
    ],
)
def test_dates_that_make_no_sense_are_said_and_the_usual_period_is_shown(
    admin_client: Client, query: str, says: str
) -> None:
    shown = page(admin_client, query)
    assert says in shown
    assert '<a href="?period=30days" aria-current="true">' in shown


def test_only_staff_that_may_see_payments_and_orders_sees_it(client: Client, django_user_model: Any) -> None:
    assert client.get("/admin/board/").headers["Location"].startswith("/admin/login/")
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(clerk)
    assert client.get("/admin/board/").status_code == 403
    assert client.get("/admin/board/?download=figures").status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_payment"))
    assert client.get("/admin/board/").status_code == 200


def test_the_chart_says_the_same_as_the_table_behind_it(
    buy: Buy, admin_client: Client, admin_user: User, usd_mug: Item
) -> None:
    refund(buy(usd_mug), 700, admin_user)
    shown = page(admin_client)
    assert re.search(r'<svg role="img" aria-labelledby="(\S+) (\S+)"', shown)
    assert "Most was paid on Nov. 15, 2026: USD 19.00. Most went back on Nov. 15, 2026: USD 7.00." in shown
    assert "Nov. 15, 2026: gross USD 19.00, refunds USD 7.00" in shown
    assert '<th scope="row">Nov. 15, 2026</th><td class="board-number">USD 19.00</td>' in shown
    assert shown.count('<rect class="board-gross"') == shown.count('<rect class="board-refunds"') == 1
    assert "style=" not in shown[shown.index('<div class="board">') :]


def test_it_costs_as_many_queries_however_many_orders_there_are(
    buy: Buy, admin_client: Client, usd_mug: Item, eur_mug: Item
) -> None:
    buy(usd_mug)
    page(admin_client)
    with CaptureQueriesContext(connection) as few:
        page(admin_client)
    for item in (usd_mug, eur_mug, usd_mug):
        buy(item, at=NOON - timedelta(days=3))
    with CaptureQueriesContext(connection) as more:
        page(admin_client)
    assert len(more) == len(few) <= 14


def sheet(client: Client, name: str) -> list[dict[str, str]]:
    response = client.get(f"/admin/board/?period=own&first=2026-11-01&last=2026-11-30&download={name}")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="{name}-2026-11-01-2026-11-30.csv"' in response["Content-Disposition"]
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(response.content.decode("utf-8-sig"))))


def test_a_spreadsheet_gets_exact_decimals_with_their_currency(
    buy: Buy, admin_client: Client, admin_user: User, usd_mug: Item, jpy_mug: Item
) -> None:
    refund(buy(usd_mug), 700, admin_user)
    buy(jpy_mug, 2)
    rows = {row["Currency"]: row for row in sheet(admin_client, "figures")}
    assert (rows["USD"]["Gross"], rows["USD"]["Refunds"], rows["USD"]["Net"]) == ("19.00", "7.00", "12.00")
    assert (rows["JPY"]["Gross"], rows["JPY"]["Orders"], rows["JPY"]["Mode"]) == ("5600", "1", "test")
    days = [row for row in sheet(admin_client, "days") if row["Currency"] == "USD"]
    assert len(days) == 30
    assert [(row["Day"], row["Gross"], row["Refunds"]) for row in days if row["Gross"] != "0.00"] == [
        ("2026-11-15", "19.00", "7.00")
    ]


def test_a_german_gets_a_spreadsheet_that_opens_in_columns_with_numbers(
    buy: Buy, admin_client: Client, usd_mug: Item
) -> None:
    buy(usd_mug)
    address = "/admin/board/?period=own&first=2026-11-01&last=2026-11-30&download=items"
    response = admin_client.get(address, headers={"accept-language": "de"})
    assert response.content.decode().splitlines()[1].endswith(";Stoneware Mug;1;19,00")


def test_a_spreadsheet_takes_no_name_for_a_formula(buy: Buy, admin_client: Client, usd_mug: Item) -> None:
    Item.objects.filter(pk=usd_mug.pk).update(name='=HYPERLINK("https://evil.example")')
    buy(Item.objects.get(pk=usd_mug.pk))
    (row,) = sheet(admin_client, "items")
    assert (row["Name"], row["Sold"], row["Sum"]) == ('\'=HYPERLINK("https://evil.example")', "1", "19.00")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="Only PostgreSQL says which index it takes.")
def test_the_usual_period_is_read_by_indexes_and_nothing_of_it_whole(db: None) -> None:
    fill_three_years(orders=3000)
    with connection.cursor() as cursor:
        # Of so few it would rather read all.
        cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    with CaptureQueriesContext(connection) as queries:
        figures_of(named("30days"))
    plans = [plan_of(query["sql"]) for query in queries.captured_queries]
    assert [plan for plan in plans if re.search("Seq Scan on payments_(order|payment)\\b", plan)] == []
    used = set(re.findall(r"Index (?:Only )?Scan (?:using|on) (\w+)", "\n".join(plans)))
    assert {"orders_that_are_paid", "orders_first_offered", "refunds_by_time", "disputes_withdrawn"} <= used


def fill_three_years(orders: int) -> None:
    """Four orders of five are paid, one of ten of these goes back, and some are disputed."""
    now = timezone.now()
    times = [now - timedelta(days=1095) * number / orders for number in range(orders)]
    made = Order.objects.bulk_create(
        Order(currency="USD", status="paid" if number % 5 else "pending", paid_at=at if number % 5 else None)
        for number, at in enumerate(times)
    )
    fields = {"attempt": 1, "publishable_key": "pk_test_sandbox_usd", "livemode": False, "currency": "USD"}
    payments = Payment.objects.bulk_create(
        Payment(order=order, status=status_of(order), amount=1900, checkout_session_id=f"cs_{order.pk}", **fields)
        for order in made
    )
    for payment, at in zip(payments, times, strict=True):
        payment.created = at
    Payment.objects.bulk_update(payments, ["created"], batch_size=2000)
    Refund.objects.bulk_create(
        Refund(payment=payment, amount=100, status="succeeded", stripe_id=f"re_{payment.pk}", created=at)
        for payment, at in list(zip(payments, times, strict=True))[::2]
    )
    stands = {
        "status": "lost",
        "reason": "fraudulent",
        "amount": 1900,
        "currency": "USD",
        "is_charge_refundable": False,
    }
    Dispute.objects.bulk_create(
        Dispute(payment=payment, stripe_id=f"du_{payment.pk}", created=at, asked_at=at, withdrawn_at=at, **stands)
        for payment, at in list(zip(payments, times, strict=True))[::2]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def status_of(order: Order) -> str:
    return "paid" if order.paid_at else "open"


def plan_of(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(line for (line,) in cursor.fetchall())
