"""The ring is proved online: every way in which it can be wrong is found, in words, and no key is printed."""

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from payments import doctor
from payments.doctor import State
from payments.gateway.keys import Keypair, ring
from payments.tests import stripe_spec
from payments.tests.sandbox_client import event_types, stripe_of
from payments.tests.stripe_server import Answer, StripeServer

ORIGIN = "https://shop.example"
URL = f"{ORIGIN}/webhooks/stripe"
REFUSAL = '{"error": {"type": "invalid_request_error"}}'
FORBIDDEN, BAD_REQUEST = Answer(403, REFUSAL), Answer(400, REFUSAL)
# The path of an intent that is asked for by its id, as with a publishable key.
OPENED = "/v1/payment_intents/pi_"


@pytest.fixture(autouse=True)
def usd_alone(settings: Any, stripe_server: StripeServer) -> None:
    settings.STRIPE_KEYPAIRS = {"USD": ring()["USD"]}


@pytest.fixture
def registered() -> None:
    call_command("register_webhooks", ORIGIN, stdout=StringIO())


def found(keypair: Keypair | None = None, url: str = URL) -> dict[str, tuple[State, str]]:
    """What is not well, by subject."""
    findings = doctor.examine(keypair or ring()["USD"], url)
    return {finding.subject: (finding.state, finding.says) for finding in findings if finding.state is not State.OK}


def said(*arguments: str) -> str:
    output = StringIO()
    call_command("stripe_doctor", *arguments, stdout=output, no_color=True)
    return output.getvalue()


def wrong(said: dict[str, tuple[State, str]], subject: str, words: str) -> bool:
    state, says = said[subject]
    return state is State.WRONG and words in says


# --- All is well --------------------------------------------------------------------------------------------------


def test_a_sound_ring_is_told_in_words_and_ends_with_0(registered: None) -> None:
    table = said("--origin", ORIGIN)
    assert "USD (pk_test_…_usd)" in table
    for words in (
        "accepted, of account acct_1",
        "(Stand-in for Stripe)",
        "enabled",
        "test",
        "of the same account",
        URL,
    ):
        assert words in table
    assert "wrong" not in table
    assert "note" not in table


def test_every_keypair_is_asked_and_a_retired_one_is_named_so(settings: Any) -> None:
    settings.STRIPE_RETIRED_KEYPAIRS = [
        Keypair("USD", "pk_test_sandbox_old", "sk_test_sandbox_old", ("whsec_sandbox_old",), retired=True)
    ]
    table = said()
    assert "USD (pk_test_…_usd)" in table
    assert "USD, retired (pk_test_…_old)" in table


def test_programs_get_json(registered: None) -> None:
    (usd,) = json.loads(said("--json", "--origin", ORIGIN))
    assert (usd["currency"], usd["retired"], usd["publishable_key"]) == ("USD", False, "pk_test_…_usd")
    assert {finding["state"] for finding in usd["findings"]} == {"ok"}
    assert {finding["subject"] for finding in usd["findings"]} == {
        *("secret key", "charges", "mode", "publishable key", "books", "webhook"),
    }


def test_no_key_is_printed_whatever_is_wrong(settings: Any, stripe_server: StripeServer, registered: None) -> None:
    stripe_server.expired_keys = {"sk_test_sandbox_usd"}
    for arguments in ([], ["--json"]):
        output = StringIO()
        with pytest.raises(CommandError):
            call_command("stripe_doctor", *arguments, stdout=output, no_color=True)
        assert "sk_test" not in output.getvalue()
        assert "whsec" not in output.getvalue()
        assert "pk_test_sandbox_usd" not in output.getvalue()


def test_the_proof_leaves_one_canceled_intent_however_often_it_is_run() -> None:
    found()
    found()
    (intent,) = stripe_of("USD").v1.payment_intents.list().data
    assert (intent.status, intent.amount) == ("canceled", 1000)
    assert event_types() == ["payment_intent.canceled", "payment_intent.created"]


@pytest.mark.parametrize("currency", ["JPY", "KWD", "ISK", "IDR", "HUF"])
def test_the_proof_works_in_every_kind_of_currency(currency: str) -> None:
    assert "secret key" not in found(replace(ring()["USD"], currency=currency), url="")


def test_every_request_is_one_that_stripe_takes(stripe_server: StripeServer, registered: None) -> None:
    found()
    found()
    assert len(stripe_server.requests) > 6
    for sent in stripe_server.requests:
        assert stripe_spec.request(sent.method, sent.path, sent.body) == []


# --- Keys ---------------------------------------------------------------------------------------------------------


def test_a_secret_key_that_is_not_accepted_is_wrong(stripe_server: StripeServer) -> None:
    stripe_server.expired_keys = {"sk_test_sandbox_usd"}
    findings = found()
    assert wrong(findings, "secret key", "not accepted")
    assert list(findings) == ["secret key"]


@pytest.mark.parametrize(
    ("expired", "state"), [("new", State.WRONG), ("old", State.NOTE)], ids=["the first", "the second"]
)
def test_of_two_secret_keys_the_one_that_is_not_accepted_is_told(
    stripe_server: StripeServer, settings: Any, registered: None, expired: str, state: State
) -> None:
    usd = replace(ring()["USD"], secret_key="sk_test_sandbox_new", other_secret_keys=("sk_test_sandbox_old",))
    settings.STRIPE_KEYPAIRS = {"USD": usd}
    stripe_server.expired_keys = {f"sk_test_sandbox_{expired}"}
    assert {subject: state for subject, (state, _) in found().items()} == {"secret key": state}


def test_a_publishable_key_of_another_account_is_wrong(settings: Any, stripe_server: StripeServer) -> None:
    eur = Keypair("EUR", "pk_test_sandbox_eur", "sk_test_sandbox_eur", ("whsec_sandbox_eur",))
    settings.STRIPE_KEYPAIRS = {**ring(), "EUR": eur}
    mixed = replace(ring()["USD"], publishable_key="pk_test_sandbox_eur")
    assert wrong(found(mixed), "publishable key", "of another account")


def test_a_second_secret_key_of_another_account_is_wrong(settings: Any) -> None:
    eur = Keypair("EUR", "pk_test_sandbox_eur", "sk_test_sandbox_eur", ("whsec_sandbox_eur",))
    settings.STRIPE_KEYPAIRS = {**ring(), "EUR": eur}
    mixed = replace(ring()["USD"], other_secret_keys=("sk_test_sandbox_eur",))
    assert wrong(found(mixed), "publishable key", "of another account")


def test_a_publishable_key_that_stripe_does_not_know_is_wrong() -> None:
    assert wrong(found(replace(ring()["USD"], publishable_key="pk_test_nobodys")), "publishable key", "not accepted")


def test_a_retired_account_needs_its_publishable_key_only_to_find_its_payments() -> None:
    rolled = replace(ring()["USD"], publishable_key="pk_test_rolled", retired=True)
    assert found(rolled)["publishable key"][0] is State.NOTE


def test_a_publishable_key_that_is_refused_an_answer_is_wrong(stripe_server: StripeServer) -> None:
    stripe_server.answers_at = {OPENED: BAD_REQUEST}
    stripe_of("USD").v1.payment_intents.create({"amount": 1900, "currency": "usd"})
    assert wrong(found(), "publishable key", "refuses")


def test_not_even_the_end_of_a_secret_key_is_printed_where_it_was_exchanged_with_the_publishable_one(
    settings: Any,
) -> None:
    usd = ring()["USD"]
    settings.STRIPE_KEYPAIRS = {
        "USD": replace(usd, publishable_key="sk_test_sandbox_usd", secret_key="pk_test_sandbox_usd")
    }
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("stripe_doctor", stdout=output, no_color=True)
    assert "USD (no publishable key)" in output.getvalue()
    assert "sk_" not in output.getvalue()


@pytest.mark.parametrize("missing", [{"publishable_key": ""}, {"secret_key": ""}])
def test_a_missing_key_is_wrong_and_stripe_is_not_asked(stripe_server: StripeServer, missing: Any) -> None:
    assert wrong(found(replace(ring()["USD"], **missing)), "secret key", "manage.py check")
    assert stripe_server.requests == []


def test_keys_of_another_mode_than_they_say_are_wrong(stripe_server: StripeServer) -> None:
    found()
    (intent,) = stripe_of("USD").v1.payment_intents.list().to_dict()["data"]
    answer = {"object": "list", "data": [intent | {"livemode": True}]}
    stripe_server.answers_at = {"/v1/payment_intents?": Answer(200, json.dumps(answer))}
    assert wrong(found(), "mode", "live, although the secret key says test")


# --- Restricted keys ----------------------------------------------------------------------------------------------


def test_a_restricted_key_that_may_not_read_the_account_is_a_note(
    stripe_server: StripeServer, registered: None
) -> None:
    stripe_server.answers_at = {"/v1/account": FORBIDDEN}
    assert [state for state, _ in found().values()] == [State.NOTE]


def test_a_restricted_key_that_may_not_make_intents_is_wrong(stripe_server: StripeServer, registered: None) -> None:
    stripe_server.answers_at = {"/v1/payment_intents": FORBIDDEN}
    assert wrong(found(), "secret key", "may not write PaymentIntents")


def test_a_restricted_key_that_may_not_see_endpoints_is_a_note(stripe_server: StripeServer) -> None:
    stripe_server.answers_at = {"/v1/webhook_endpoints": FORBIDDEN}
    state, says = found()["webhook"]
    assert (state, "may not read Webhook Endpoints" in says) == (State.NOTE, True)


def test_a_restricted_key_that_may_not_read_the_books_is_a_note_since_the_shop_sells_without(
    stripe_server: StripeServer, registered: None
) -> None:
    stripe_server.answers_at = {"/v1/balance_transactions": FORBIDDEN}
    findings = found()
    assert list(findings) == ["books"]
    state, says = findings["books"]
    assert (state, "Balance Transaction Sources" in says) == (State.NOTE, True)


def test_books_that_are_refused_for_another_reason_are_a_note(stripe_server: StripeServer, registered: None) -> None:
    stripe_server.answers_at = {"/v1/balance_transactions": BAD_REQUEST}
    state, says = found()["books"]
    assert (state, "refuses" in says) == (State.NOTE, True)


def test_of_books_no_more_is_read_than_shows_that_they_may_be(stripe_server: StripeServer) -> None:
    found(url="")
    (asked,) = [sent for sent in stripe_server.requests if "balance_transactions" in sent.path]
    assert "limit=1&" in f"{asked.path}&"


# --- The account --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("retired", "state"), [(False, State.WRONG), (True, State.NOTE)])
def test_an_account_that_may_not_charge_is_wrong_unless_it_is_retired(
    stripe_server: StripeServer, registered: None, retired: bool, state: State
) -> None:
    account = stripe_of("USD").v1.accounts.retrieve_current().to_dict()
    changed = account | {"charges_enabled": False, "settings": None}
    stripe_server.answers_at = {"/v1/account": Answer(200, json.dumps(changed))}
    assert {subject: state for subject, (state, _) in found(replace(ring()["USD"], retired=retired)).items()} == {
        "charges": state
    }


def test_an_account_that_refuses_to_be_read_or_to_sell_is_wrong(stripe_server: StripeServer) -> None:
    stripe_server.answers_at = {"/v1/account": BAD_REQUEST}
    assert wrong(found(), "secret key", "refuses to say")
    stripe_server.answers_at = {"/v1/payment_intents": BAD_REQUEST}
    assert wrong(found(), "secret key", "makes no PaymentIntent in USD")


@pytest.mark.parametrize("answer", [Answer(500, "{}"), Answer(200, "[]"), Answer(502, "<html>"), Answer(hang_up=True)])
@pytest.mark.parametrize(
    "path", ["/v1/account", "/v1/payment_intents?", "/v1/balance_transactions", "/v1/webhook_endpoints"]
)
def test_a_stripe_that_does_not_answer_is_said_once(
    stripe_server: StripeServer, path: str, answer: Answer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient.INITIAL_DELAY", 0.01)
    stripe_server.answers_at = {path: answer}
    findings = found()
    assert wrong(findings, "Stripe", "does not answer")
    assert len(findings) == 1


# --- Webhooks -----------------------------------------------------------------------------------------------------


def test_a_missing_endpoint_is_wrong() -> None:
    assert wrong(found(), "webhook", f"none at {URL}")


def test_an_endpoint_elsewhere_does_not_count(registered: None) -> None:
    assert wrong(found(url="https://another.example/webhooks/stripe"), "webhook", "none at https://another.example")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"disabled": True}, "it is disabled"),
        ({"enabled_events": ["charge.succeeded"]}, "does not send charge.dispute.closed"),
    ],
)
def test_an_endpoint_that_is_disabled_or_misses_events_is_wrong(registered: None, change: Any, words: str) -> None:
    endpoints = stripe_of("USD").v1.webhook_endpoints
    endpoints.update(endpoints.list().data[0].id, change)
    assert wrong(found(), "webhook", words)


def test_an_endpoint_of_another_version_is_wrong_and_beside_a_sound_one_a_note() -> None:
    stripe_of("USD").v1.webhook_endpoints.create(
        {"url": URL, "enabled_events": ["*"], "api_version": "2025-03-31.basil"}
    )
    assert wrong(found(), "webhook", "2025-03-31.basil")
    call_command("register_webhooks", ORIGIN, stdout=StringIO())
    state, says = found()["webhook"]
    assert (state, "delete it" in says) == (State.NOTE, True)


def test_without_a_signing_secret_it_is_wrong(registered: None) -> None:
    assert wrong(found(replace(ring()["USD"], webhook_secrets=())), "webhook", "no signing secret")


def test_without_the_shops_address_webhooks_are_not_looked_at() -> None:
    state, says = found(url="")["webhook"]
    assert (state, "--origin" in says) == (State.NOTE, True)


def test_endpoints_that_stripe_does_not_list_are_wrong(stripe_server: StripeServer) -> None:
    stripe_server.answers_at = {"/v1/webhook_endpoints": BAD_REQUEST}
    assert wrong(found(), "webhook", "refuses to list")


# --- The command's end --------------------------------------------------------------------------------------------


def test_what_is_wrong_ends_with_1() -> None:
    with pytest.raises(CommandError, match=r"^1 thing is wrong\.$") as ended:
        said("--origin", ORIGIN)
    assert ended.value.returncode == 1


def test_a_note_alone_ends_with_0() -> None:
    assert "note" in said()


def test_an_empty_ring_ends_with_1(settings: Any) -> None:
    settings.STRIPE_KEYPAIRS = {}
    with pytest.raises(CommandError, match="No keypair is configured"):
        said()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match=r"as https://shop\.example"):
        said("--origin", "shop.example")
