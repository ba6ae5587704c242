"""A ring of keypairs that is not sound is told by name, with what to do, and without quoting a key."""

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection

from payments import checks
from payments.gateway.keys import read_keypairs, read_retired_keypairs
from payments.models import Item

GOOD = {
    "STRIPE_USD_PUBLISHABLE_KEY": "pk_test_usd1",
    "STRIPE_USD_SECRET_KEY": "sk_test_usd1",
    "STRIPE_USD_WEBHOOK_SECRET": "whsec_usd1",
    "STRIPE_EUR_PUBLISHABLE_KEY": "pk_test_eur1",
    "STRIPE_EUR_SECRET_KEY": "rk_test_eur1",
    "STRIPE_EUR_WEBHOOK_SECRET": "whsec_eur1,whsec_eur2",
}
LIVE = {name: value.replace("_test_", "_live_") for name, value in GOOD.items()}
SANDBOX_USD = {
    "STRIPE_USD_PUBLISHABLE_KEY": "pk_test_sandbox_usd",
    "STRIPE_USD_SECRET_KEY": "sk_test_sandbox_usd",
}


def ids(settings: Any, variables: dict[str, str], **changes: Any) -> list[str]:
    settings.STRIPE_KEYPAIRS = read_keypairs(variables)
    settings.STRIPE_RETIRED_KEYPAIRS = read_retired_keypairs(variables)
    settings.STRIPE_SANDBOX = changes.pop("sandbox", False)
    for name, value in changes.items():
        setattr(settings, name, value)
    found = checks.check_keypairs()
    assert all(message.hint for message in found)
    for message in found:
        for key in variables.values():
            assert not key or key not in f"{message.msg} {message.hint}"
    return sorted({str(message.id) for message in found})


def test_a_sound_ring_is_silent(settings: Any) -> None:
    assert ids(settings, GOOD) == ids(settings, LIVE) == []


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_third_of_a_keypair_is_an_error(settings: Any, name: str) -> None:
    assert ids(settings, GOOD | {name: ""}) == ["payments.E001"]
    assert name in str(checks.check_keypairs()[0].hint)


@pytest.mark.parametrize("second", ["sk_test_", "sk_test_…", "pk_test_usd1", "sk_test_usd2 # old"])
def test_a_second_secret_key_is_looked_at_like_the_first(settings: Any, second: str) -> None:
    assert ids(settings, GOOD | {"STRIPE_USD_SECRET_KEY": f"sk_test_usd1,{second}"}) == ["payments.E003"]


def test_two_secret_keys_of_one_account_are_sound(settings: Any) -> None:
    assert ids(settings, GOOD | {"STRIPE_USD_SECRET_KEY": "sk_test_usd2,sk_test_usd1"}) == []


def test_a_second_secret_key_of_another_mode_is_an_error(settings: Any) -> None:
    assert ids(settings, GOOD | {"STRIPE_USD_SECRET_KEY": "sk_test_usd1,sk_live_usd1"}) == ["payments.E006"]


@pytest.mark.parametrize("retired", [False, True])
def test_keys_that_seem_to_be_of_two_accounts_are_a_warning(settings: Any, retired: bool) -> None:
    rest = "x" * 80
    one, other = f"51AbCdEfGhIjKlMnO{rest}", f"51AbCdEfGhIjKlMnP{rest}"

    def found(publishable: str, secret: str) -> list[str]:
        if retired:
            return ids(settings, GOOD | {"STRIPE_USD_RETIRED": f"pk_test_{publishable}:{secret}:whsec_old1"})
        keys = {"STRIPE_USD_PUBLISHABLE_KEY": f"pk_test_{publishable}", "STRIPE_USD_SECRET_KEY": secret}
        return ids(settings, GOOD | keys)

    assert found(one, f"sk_test_{one}y") == found(one, f"rk_test_{one}") == []
    assert found(one, f"sk_test_{other}") == ["payments.W005"]
    if not retired:
        assert found(one, f"sk_test_{one},sk_test_{other}") == ["payments.W005"]


RETIRED = "pk_test_old1:sk_test_old1:whsec_old1"


@pytest.mark.parametrize("value", [RETIRED, f"{RETIRED},pk_test_old2:rk_test_old2:whsec_old2:whsec_old3"])
def test_sound_retired_keypairs_are_silent(settings: Any, value: str) -> None:
    assert ids(settings, GOOD | {"STRIPE_USD_RETIRED": value}) == []
    assert ids(settings, LIVE | {"STRIPE_GBP_RETIRED": value.replace("_test_", "_live_")}) == []


@pytest.mark.parametrize(
    "value",
    [
        "pk_test_old1",
        "pk_test_old1:sk_test_old1",
        "sk_test_old1:pk_test_old1:whsec_old1",
        "pk_test_old1:whsec_old1:sk_test_old1",
        f"{RETIRED}:sk_test_old2",
        f"{RETIRED} # moved in May",
        f"{RETIRED}:pk_test_old2:sk_test_old2:whsec_old2",
    ],
)
def test_a_retired_keypair_that_is_none_is_an_error(settings: Any, value: str) -> None:
    assert ids(settings, GOOD | {"STRIPE_USD_RETIRED": value}) == ["payments.E012"]


@pytest.mark.parametrize("value", ["pk_test_usd1:sk_test_usd1:whsec_usd1", "pk_test_usd1:rk_test_old1:whsec_usd1"])
def test_a_retired_account_that_sells_in_the_same_currency_is_an_error(settings: Any, value: str) -> None:
    assert ids(settings, GOOD | {"STRIPE_USD_RETIRED": value}) == ["payments.E013"]


def test_an_account_may_be_retired_in_one_currency_and_sell_in_another(settings: Any) -> None:
    assert ids(settings, GOOD | {"STRIPE_USD_RETIRED": "pk_test_eur1:rk_test_eur1:whsec_eur1"}) == []


def test_retired_keys_of_another_mode_are_an_error(settings: Any) -> None:
    assert ids(settings, LIVE | {"STRIPE_USD_RETIRED": RETIRED}) == ["payments.E006"]
    assert "STRIPE_USD_RETIRED is test" in checks.check_keypairs()[0].msg


def test_retired_keys_of_the_stand_in_beside_real_keys_are_an_error(settings: Any) -> None:
    value = "pk_test_sandbox_old:sk_test_sandbox_old:whsec_sandbox_old"
    assert ids(settings, GOOD | {"STRIPE_USD_RETIRED": value}) == ["payments.E008"]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("pk_test_old1:sk_test_eur1:whsec_old1", "payments.E009"),
        ("pk_test_eur1:sk_test_old1:whsec_old1", "payments.E009"),
        ("pk_test_old1:sk_test_old1:whsec_eur1", "payments.E010"),
        (f"{RETIRED},pk_test_old2:sk_test_old1:whsec_old2", "payments.E009"),
    ],
)
def test_a_retired_keypair_with_a_part_of_another_account_is_an_error(settings: Any, value: str, found: str) -> None:
    variables = GOOD | {"STRIPE_EUR_SECRET_KEY": "sk_test_eur1", "STRIPE_USD_RETIRED": value}
    assert ids(settings, variables) == [found]


def test_a_retired_currency_that_is_none_is_an_error(settings: Any) -> None:
    assert ids(settings, GOOD | {"STRIPE_EURO_RETIRED": RETIRED}) == ["payments.E005"]


def test_swapped_keys_are_an_error(settings: Any) -> None:
    swapped = {"STRIPE_USD_PUBLISHABLE_KEY": "sk_test_usd1", "STRIPE_USD_SECRET_KEY": "pk_test_usd1"}
    assert ids(settings, GOOD | swapped) == ["payments.E002", "payments.E003"]


def test_a_webhook_secret_that_is_none_is_an_error(settings: Any) -> None:
    assert ids(settings, GOOD | {"STRIPE_EUR_WEBHOOK_SECRET": "whsec_eur1,https://shop"}) == ["payments.E004"]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("PUBLISHABLE_KEY", "pk_test_…", "payments.E002"),
        ("PUBLISHABLE_KEY", "pk_test_usd1 # dollars", "payments.E002"),
        ("SECRET_KEY", "sk_test_", "payments.E003"),
        ("SECRET_KEY", "sk_test_usd1 # dollars", "payments.E003"),
        ("WEBHOOK_SECRET", "whsec_…", "payments.E004"),
        ("WEBHOOK_SECRET", "whsec_usd1 # dollars", "payments.E004"),
    ],
)
def test_a_key_with_something_else_behind_it_is_an_error(settings: Any, name: str, value: str, found: str) -> None:
    assert ids(settings, GOOD | {f"STRIPE_USD_{name}": value}) == [found]


@pytest.mark.parametrize("code", ["EURO", "ZZZ", "usd", "XXX"])
def test_a_code_that_is_no_currency_is_an_error(settings: Any, code: str) -> None:
    variables = {name.replace("EUR", code): value for name, value in GOOD.items()}
    assert ids(settings, variables) == ["payments.E005"]


@pytest.mark.parametrize("name", [name for name in sorted(GOOD) if not name.endswith("WEBHOOK_SECRET")])
def test_test_and_live_keys_mixed_anywhere_are_an_error(settings: Any, name: str) -> None:
    assert ids(settings, GOOD | {name: LIVE[name]}) == ["payments.E006"]


def test_live_keys_with_debug_on_are_an_error(settings: Any) -> None:
    assert ids(settings, LIVE, DEBUG=True) == ["payments.E007"]


def test_the_stand_in_beside_live_keys_is_an_error(settings: Any) -> None:
    assert ids(settings, LIVE | SANDBOX_USD, sandbox=True) == ["payments.E006", "payments.E008"]


def test_the_stand_in_beside_test_keys_of_stripe_is_an_error(settings: Any) -> None:
    assert ids(settings, GOOD | SANDBOX_USD, sandbox=True) == ["payments.E008"]


@pytest.mark.parametrize("part", ["PUBLISHABLE_KEY", "SECRET_KEY", "WEBHOOK_SECRET"])
@pytest.mark.parametrize("real", [GOOD, LIVE], ids=["test", "live"])
def test_any_part_of_the_stand_in_beside_real_keys_is_an_error(settings: Any, part: str, real: dict[str, str]) -> None:
    """Its webhook secret is published: with it, anybody could sign an event."""
    value = {
        "PUBLISHABLE_KEY": "pk_test_sandbox_x",
        "SECRET_KEY": "sk_test_sandbox_x",
        "WEBHOOK_SECRET": "whsec_sandbox_x",
    }
    assert "payments.E008" in ids(settings, real | {f"STRIPE_USD_{part}": value[part]})


def test_live_keys_for_a_server_other_than_stripes_are_an_error(settings: Any) -> None:
    assert ids(settings, LIVE, STRIPE_API_BASE="http://127.0.0.1:12111") == ["payments.E011"]
    assert ids(settings, GOOD, STRIPE_API_BASE="http://127.0.0.1:12111") == []


def test_one_key_of_a_pair_copied_from_another_account_is_an_error(settings: Any) -> None:
    assert ids(settings, GOOD | {"STRIPE_USD_SECRET_KEY": GOOD["STRIPE_EUR_SECRET_KEY"]}) == ["payments.E009"]
    two_secret_keys = {"STRIPE_USD_PUBLISHABLE_KEY": "pk_test_eur1", "STRIPE_EUR_SECRET_KEY": "sk_test_eur1"}
    assert ids(settings, GOOD | two_secret_keys) == ["payments.E009"]


def test_one_account_may_have_several_restricted_keys(settings: Any) -> None:
    assert ids(settings, GOOD | {"STRIPE_USD_PUBLISHABLE_KEY": "pk_test_eur1"}) == []


def test_two_accounts_with_one_webhook_secret_are_an_error(settings: Any) -> None:
    assert ids(settings, GOOD | {"STRIPE_USD_WEBHOOK_SECRET": "whsec_eur2"}) == ["payments.E010"]


def test_one_account_may_sell_in_two_currencies(settings: Any) -> None:
    usd_in_both = {name: GOOD[name.replace("EUR", "USD")] for name in GOOD}
    assert ids(settings, usd_in_both) == []


def test_no_keypair_at_all_is_a_warning(settings: Any) -> None:
    assert ids(settings, {}) == ["payments.W002"]


def test_a_variable_that_nothing_reads_is_a_warning(settings: Any) -> None:
    assert ids(settings, GOOD, STRIPE_UNKNOWN_VARIABLES=["STRIPE_SECRET_KEY"]) == ["payments.W003"]


def test_items_on_sale_in_a_currency_without_keypair_are_a_warning(gbp_mug: Item, usd_mug: Item) -> None:
    (warning,) = checks.check_items_can_be_paid()
    assert (warning.id, "GBP" in warning.msg) == ("payments.W001", True)
    Item.objects.filter(pk=gbp_mug.pk).update(on_sale=False)
    assert checks.check_items_can_be_paid() == []


@pytest.mark.django_db
def test_before_the_first_migration_nothing_is_on_sale() -> None:
    def no_such_table(*args: Any) -> None:
        raise DatabaseError("no such table")

    with connection.execute_wrapper(no_such_table):
        assert checks.check_items_can_be_paid() == []


def test_a_deployed_stand_in_is_a_warning(settings: Any) -> None:
    (warning,) = checks.check_payments_are_real()
    assert warning.id == "payments.W004"
    settings.STRIPE_SANDBOX = False
    assert checks.check_payments_are_real() == []


@pytest.mark.django_db
def test_check_deploy_runs_them_all_and_fails_on_an_error(settings: Any, gbp_mug: Item, capsys: Any) -> None:
    call_command("check", deploy=True)
    said = capsys.readouterr().err
    assert "payments.W001" in said
    assert "payments.W004" in said
    settings.STRIPE_KEYPAIRS = read_keypairs({"STRIPE_USD_SECRET_KEY": "sk_test_usd1"})
    with pytest.raises(SystemCheckError, match=r"payments\.E001"):
        call_command("check", deploy=True)
