"""Every call to Stripe fails in every way: people are told so kindly, nothing is charged twice, the next try works."""

import inspect
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection

from payments.gateway import api
from payments.gateway.keys import Keypair, read_keypairs
from payments.tests import stories
from payments.tests.shop_process import sandbox_keypair
from payments.tests.stories import Seen, Story
from payments.tests.stripe_server import Answer, Fault, StripeServer

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "Stripe's own words"
SAID = f'{{"error": {{"type": "api_error", "message": "{WORDS}: sk_test_sandbox"}}}}'
HALF = f'{{"id": "cs_1", "object": "{WORDS}'

# Every function of gateway/api.py that calls Stripe, and what the call looks like from there.
CALLS = {
    "create_checkout_session": ("POST", r"/v1/checkout/sessions"),
    "retrieve_checkout_session": ("GET", r"/v1/checkout/sessions/\w+"),
    "expire_checkout_session": ("POST", r"/v1/checkout/sessions/\w+/expire"),
    "create_payment_intent": ("POST", r"/v1/payment_intents"),
    "retrieve_payment_intent": ("GET", r"/v1/payment_intents/\w+"),
    "update_payment_intent": ("POST", r"/v1/payment_intents/\w+"),
    "cancel_payment_intent": ("POST", r"/v1/payment_intents/\w+/cancel"),
    "create_refund": ("POST", r"/v1/refunds"),
    "list_refunds": ("GET", r"/v1/refunds"),
    "list_disputes": ("GET", r"/v1/disputes"),
    "list_balance_transactions": ("GET", r"/v1/balance_transactions"),
    "create_coupon": ("POST", r"/v1/coupons"),
    "delete_coupon": ("DELETE", r"/v1/coupons/[\w-]+"),
    "create_tax_rate": ("POST", r"/v1/tax_rates"),
    "archive_tax_rate": ("POST", r"/v1/tax_rates/\w+"),
    "undelivered_events": ("GET", r"/v1/events"),
}
# Told all at once, each in an account of its own.
PEOPLE: list[type[Story]] = [
    stories.Buys,
    stories.BuysWithTax,
    stories.ChecksOutCart,
    stories.GoesToStripesPageAfterAll,
    stories.OpensOurPage,
    stories.ReloadsOurPage,
    stories.StaysOnOurPageAfterAll,
    stories.PaysWhatHasChanged,
    stories.HasPaid,
    stories.HasPaidHere,
    stories.LooksAtOrder,
    stories.LooksAtCart,
    stories.StripeTellsOfIt,
    stories.StaffSavesOrder,
    stories.StaffEditsDiscount,
    stories.StaffRefunds,
    stories.OwnerComparesBooks,
]
# These look at more than one account, so they are told one after the other.
ALONE: list[type[Story]] = [
    stories.StaffEditsTax,
    stories.Reconciles,
    stories.ReconcilesWhatHasNoEvent,
    stories.ReconcilesRefunds,
    stories.ReconcilesDisputes,
]
STORIES = PEOPLE + ALONE


@dataclass(frozen=True)
class Way:
    """A way in which Stripe fails. `is_done`: it did what it was asked, and the answer was lost."""

    answer: Answer = field(default_factory=Answer)
    is_done: bool = False
    refuses_connections: bool = False
    says_no: bool = False


NOTHING_DONE = {
    "a refused connection": Way(refuses_connections=True),
    "a reset in the middle": Way(Answer(body=SAID, reset=True)),
    "500": Way(Answer(500, SAID)),
    "502 with HTML": Way(Answer(502, f"<html>{WORDS}</html>", "text/html")),
    "429": Way(Answer(429, SAID)),
    "401": Way(Answer(401, SAID), says_no=True),
    "409": Way(Answer(409, SAID)),
    "200 with a list": Way(Answer(200, "[]")),
    "200 with half a body": Way(Answer(200, HALF * 9, cut_after=40)),
}
DONE_ALL_THE_SAME = {
    f"{name}, after it was done": Way(NOTHING_DONE[name].answer, is_done=True)
    for name in ("a reset in the middle", "500", "502 with HTML", "200 with a list", "200 with half a body")
}
QUICK = NOTHING_DONE | DONE_ALL_THE_SAME
SILENCE = {
    "30 s of silence": Way(Answer(500, SAID, silence=30)),
    "30 s of silence, after it was done": Way(Answer(500, SAID, silence=30), is_done=True),
}
# Leftovers are retired in turn, and the first that cannot be ends it: who is second is not kept waiting.
LEFT_TO_THE_OTHER = (stories.StaffEditsDiscount, "30 s of silence, after it was done")
# The one that loses most; the others take longer than a developer waits.
EVERY_TIME = ("a reset in the middle, after it was done",)
CURRENCIES = """
    AUD BRL CAD CHF GBP NZD SGD INR AED MYR PLN RON BGN DKK NOK SEK HKD MXN THB CZK EUR USD
    ZAR TRY ILS PHP TWD CNY SAR QAR KES NGN EGP PKR LKR BDT MAD GEL UAH BAM
""".split()


@pytest.fixture(autouse=True)
def every_account(settings: Any, stripe_server: StripeServer) -> None:
    """So that all stories can be told at once, each has an account of its own."""
    settings.STRIPE_KEYPAIRS = keypairs_of(CURRENCIES)
    stripe_server.keeps_connections = False


def keypairs_of(currencies: Sequence[str]) -> dict[str, Keypair]:
    return read_keypairs({name: key for currency in currencies for name, key in sandbox_keypair(currency).items()})


@pytest.fixture
def quick_retries(monkeypatch: Any) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)


def test_every_call_of_the_gateway_is_in_the_table() -> None:
    functions = {
        name
        for name, function in inspect.getmembers(api, inspect.isfunction)
        if function.__module__ == api.__name__ and "client_for(" in inspect.getsource(function)
    }
    assert functions == set(CALLS) == {story.call for story in STORIES}


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize(
    "way", [name if name in EVERY_TIME else pytest.param(name, marks=pytest.mark.processes) for name in QUICK]
)
def test_a_call_that_fails_is_told_kindly_charges_nothing_twice_and_works_the_next_time(
    stripe_server: StripeServer, settings: Any, way: str
) -> None:
    cases = cases_of([(story, way) for story in STORIES], stripe_server)
    people, alone = cases[: len(PEOPLE)], cases[len(PEOPLE) :]
    problems = told_in_turn(people) if QUICK[way].refuses_connections else told_of(*people)
    # These ask every account there is.
    settings.STRIPE_KEYPAIRS = keypairs_of([case.story.currency for case in alone])
    assert problems + told_in_turn(alone) == []


@pytest.mark.processes
def test_a_silent_stripe_keeps_nobody_waiting_for_more_than_twenty_seconds(stripe_server: StripeServer) -> None:
    """Everybody waits for real, and at the same time."""
    cells = [(story, way) for story in PEOPLE for way in SILENCE if (story, way) != LEFT_TO_THE_OTHER]
    assert told_of(*cases_of(cells, stripe_server)) == []


@pytest.mark.processes
def test_a_silent_account_is_told_to_an_operator_and_reconciled_later(stripe_server: StripeServer) -> None:
    cells = [(story, "30 s of silence") for story in (stories.StaffEditsTax, stories.Reconciles)]
    assert told_in_turn(cases_of(cells, stripe_server), patience=90) == []


def cases_of(cells: Sequence[tuple[type[Story], str]], server: StripeServer) -> "list[Case]":
    assert len(cells) <= len(CURRENCIES)
    return [Case(story, way, currency, server) for (story, way), currency in zip(cells, CURRENCIES, strict=False)]


class Case:
    """A story, and a way in which Stripe fails in it."""

    def __init__(self, story: type[Story], way: str, currency: str, server: StripeServer) -> None:
        self.name = f"{story.__name__} with {way}"
        self.way = (QUICK | SILENCE)[way]
        self.server = server
        self.story = story(currency)
        method, path = CALLS[story.call]
        key = f"sk_test_sandbox_{currency.lower()}"
        self.fault = Fault(method, path, key, self.way.answer, self.way.is_done)
        self.seen = Seen(0, "")
        self.seconds = 0.0

    def go_wrong(self) -> None:
        self.begin_to_fail()
        began = time.monotonic()
        try:
            self.seen = self.story.act()
        finally:
            self.seconds = time.monotonic() - began
            connection.close()

    def begin_to_fail(self) -> None:
        if not self.way.refuses_connections:
            self.server.faults.append(self.fault)
        elif self.story.calls_before:
            self.server.closes_after = self.story.calls_before
        else:
            self.server.close()

    def stop_failing(self) -> None:
        if self.way.refuses_connections:
            self.server.closes_after = None
            self.server.open_again()
        else:
            self.server.faults.remove(self.fault)


def told_in_turn(cases: Sequence[Case], patience: float = 20) -> list[str]:
    return [problem for case in cases for problem in told_of(case, patience=patience)]


def told_of(*cases: Case, patience: float = 20) -> list[str]:
    """What was not as it should be."""
    for case in cases:
        case.story.prepare()
    before = len(cases[0].server.requests)
    with ThreadPoolExecutor(len(cases)) as people:
        list(people.map(Case.go_wrong, cases))
    requests = cases[0].server.requests[before:]
    for case in cases:
        case.stop_failing()
    problems = []
    for case in cases:
        own = [request for request in requests if request.secret_key == case.fault.secret_key]
        problems += [f"{case.name}: {problem}" for problem in problems_of(case, own, patience)]
    return problems


def problems_of(case: Case, requests: list[Any], patience: float) -> Iterator[str]:
    story, seen = case.story, case.seen
    status, word = story.while_it_refuses if case.way.says_no else story.while_it_fails
    if seen.status != status or word not in seen.text:
        yield f"answered {seen.status} {seen.text[-600:]}"
    if case.seconds > patience:
        yield f"took {case.seconds:.1f} s"
    for secret in ("Traceback", WORDS, "sk_test", "whsec_", "127.0.0.1:"):
        if secret in seen.text:
            yield f"shows {secret}"
    calls_before = next((number for number, request in enumerate(requests) if case.fault.fits(request)), None)
    if not case.way.refuses_connections and calls_before != story.calls_before:
        yield f"the call was not the one that failed: {[(sent.method, sent.path) for sent in requests]}"
    yield from problems_afterwards(story)


def problems_afterwards(story: Story) -> Iterator[str]:
    seen = story.again()
    if not story.has_worked(seen):
        yield f"the next try was answered {seen.status} {seen.text[-600:]}"
        return
    story.finish(seen)
    if not story.order.is_paid:
        yield f"the order is {story.order.status} in the end"
    if story.taken != [story.order.total_amount]:
        yield f"charged {story.taken} for {story.order.total_amount}"
