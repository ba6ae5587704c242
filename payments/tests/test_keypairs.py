"""The currency picks the keypair, and nothing else does."""

from typing import Any

import pytest

from payments.errors import NoKeypair
from payments.gateway import keys

GBP = {
    "STRIPE_GBP_PUBLISHABLE_KEY": "pk_test_gbp",
    "STRIPE_GBP_SECRET_KEY": "rk_test_gbp",
    "STRIPE_GBP_WEBHOOK_SECRET": "whsec_new, whsec_old",
}


def test_three_variables_add_a_currency(settings: Any) -> None:
    settings.STRIPE_KEYPAIRS = keys.read_keypairs(GBP)
    keypair = keys.keypair_for("GBP")
    assert (keypair.publishable_key, keypair.secret_key) == ("pk_test_gbp", "rk_test_gbp")
    assert keys.currencies() == ["GBP"]


def test_a_webhook_secret_can_be_several_while_one_is_rolled(settings: Any) -> None:
    settings.STRIPE_KEYPAIRS = keys.read_keypairs(GBP)
    assert keys.keypair_for("GBP").webhook_secrets == ("whsec_new", "whsec_old")


def test_a_secret_key_can_be_two_while_it_is_rolled(settings: Any) -> None:
    settings.STRIPE_KEYPAIRS = keys.read_keypairs(GBP | {"STRIPE_GBP_SECRET_KEY": "sk_test_new, sk_test_old,"})
    keypair = keys.keypair_for("GBP")
    assert keypair.secret_key == "sk_test_new"
    assert keypair.secret_keys == ("sk_test_new", "sk_test_old")


def test_each_currency_has_its_own_keypair() -> None:
    assert {code: keys.keypair_for(code).secret_key for code in keys.currencies()} == {
        "EUR": "sk_test_sandbox_eur",
        "JPY": "sk_test_sandbox_jpy",
        "USD": "sk_test_sandbox_usd",
    }


@pytest.mark.parametrize("currency", ["GBP", "usd", "", "US"])
def test_a_currency_without_a_keypair_is_refused_and_never_charged_to_another_account(currency: str) -> None:
    with pytest.raises(NoKeypair):
        keys.keypair_for(currency)


@pytest.mark.parametrize("missing", sorted(GBP))
def test_a_keypair_that_misses_a_third_sells_nothing(settings: Any, missing: str) -> None:
    settings.STRIPE_KEYPAIRS = keys.read_keypairs(GBP | {missing: "  "})
    assert keys.currencies() == []
    with pytest.raises(NoKeypair):
        keys.keypair_for("GBP")


def test_a_payment_finds_its_account_after_the_currency_moved_to_another() -> None:
    assert keys.keypair_of_account("pk_test_sandbox_eur", "USD").secret_key == "sk_test_sandbox_eur"


def test_a_payment_whose_publishable_key_was_rolled_is_looked_up_with_the_keys_of_its_currency() -> None:
    assert keys.keypair_of_account("pk_test_rolled", "USD").secret_key == "sk_test_sandbox_usd"
    with pytest.raises(NoKeypair):
        keys.keypair_of_account("pk_test_rolled", "GBP")


RETIRED = {
    "STRIPE_USD_RETIRED": "pk_test_a:sk_test_a:whsec_a, pk_test_b:sk_test_b:whsec_b:whsec_b2,",
    "STRIPE_GBP_RETIRED": " ",
}


def test_a_currency_may_have_left_several_accounts(settings: Any) -> None:
    settings.STRIPE_RETIRED_KEYPAIRS = keys.read_retired_keypairs(RETIRED)
    first, second = keys.retired_keypairs()
    assert (first.publishable_key, first.secret_keys, first.webhook_secrets) == (
        "pk_test_a",
        ("sk_test_a",),
        ("whsec_a",),
    )
    assert second.webhook_secrets == ("whsec_b", "whsec_b2")
    assert (second.currency, second.retired, second.is_complete) == ("USD", True, True)
    assert [keypair.publishable_key for keypair in keys.every_keypair()][-2:] == ["pk_test_a", "pk_test_b"]


def test_a_retired_account_is_found_by_its_payments_and_sells_nothing(settings: Any) -> None:
    settings.STRIPE_RETIRED_KEYPAIRS = keys.read_retired_keypairs(RETIRED)
    assert keys.keypair_of_account("pk_test_b", "USD").secret_key == "sk_test_b"
    assert keys.keypair_for("USD").secret_key == "sk_test_sandbox_usd"
    settings.STRIPE_KEYPAIRS = {}
    assert keys.currencies() == []
    with pytest.raises(NoKeypair):
        keys.keypair_for("USD")


@pytest.mark.parametrize("value", ["pk_test_a", "pk_test_a:sk_test_a", ":sk_test_a:whsec_a", "pk_test_a::whsec_a"])
def test_a_retired_keypair_that_misses_a_third_looks_after_nothing(settings: Any, value: str) -> None:
    settings.STRIPE_RETIRED_KEYPAIRS = keys.read_retired_keypairs({"STRIPE_USD_RETIRED": value})
    assert [keypair.is_complete for keypair in keys.retired_keypairs()] == [False]
    assert keys.keypair_of_account("pk_test_a", "USD").secret_key == "sk_test_sandbox_usd"


def test_live_and_restricted_keys_are_told_by_their_beginning() -> None:
    def livemode(secret_key: str) -> bool:
        return keys.Keypair("USD", "pk", secret_key).livemode

    assert [livemode(key) for key in ("sk_live_1", "rk_live_1", "sk_test_1", "rk_test_1")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_name_that_belongs_to_no_currency_is_noticed() -> None:
    variables = {
        **GBP,
        **RETIRED,
        "STRIPE_RETIRED": "x",
        "STRIPE_SECRET_KEY": "x",
        "STRIPE_USD_SECRETKEY": "x",
        "STRIPE_API_BASE": "x",
        "SECRET_KEY": "x",
    }
    assert keys.unknown_variables(variables) == ["STRIPE_RETIRED", "STRIPE_SECRET_KEY", "STRIPE_USD_SECRETKEY"]
