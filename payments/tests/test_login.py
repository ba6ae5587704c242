"""An administrator signs in; who guesses passwords does not get far, and locks nobody else out."""

from typing import Any

import pytest
from django.test import Client


@pytest.fixture(autouse=True)
def limits(settings: Any, admin_user: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"logins": (3, 6)}


def sign_in(password: str, name: str = "admin", address: str = "192.0.2.1") -> int:
    client = Client(REMOTE_ADDR=address)
    return client.post("/admin/login/", {"username": name, "password": password, "next": "/admin/"}).status_code


def test_a_few_mistakes_are_forgiven(settings: Any) -> None:
    assert [sign_in(password) for password in ("passwort", "passwird", "password")] == [200, 200, 302]
    assert [sign_in(password) for password in ("passwort", "passwird", "password")] == [200, 200, 302]


def test_guessing_is_stopped_even_if_the_next_guess_were_right() -> None:
    for guess in ("a", "b", "c"):
        assert sign_in(guess) == 200
    client = Client(REMOTE_ADDR="192.0.2.1")
    refused = client.post("/admin/login/", {"username": "Admin", "password": "password"})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 900
    assert "Please try again in" in refused.content.decode()
    assert "sessionid" not in client.cookies


def test_an_attacker_who_knows_the_name_does_not_lock_its_owner_out() -> None:
    for guess in "abcdefgh":
        sign_in(guess, address="203.0.113.6")
    assert sign_in("password") == 302


def test_one_address_cannot_try_all_names() -> None:
    answers = [sign_in("a", name=f"name-{number}", address="203.0.113.6") for number in range(7)]
    assert answers == [200] * 6 + [429]


def test_who_signs_in_now_and_then_is_not_counted_as_a_guesser() -> None:
    assert {sign_in("password") for _ in range(6)} == {302}


def test_a_name_without_any_rights_tells_nothing_and_is_counted_too(django_user_model: Any) -> None:
    django_user_model.objects.create_user("shopper", password="password")
    assert [sign_in("password", name="shopper") for _ in range(4)] == [200, 200, 200, 429]


def test_another_spelling_of_the_name_is_no_other_name() -> None:
    spellings = ("admin", " admin", "admin  ", "\N{FULLWIDTH LATIN SMALL LETTER A}dmin", "ADMIN")
    assert [sign_in("guess", name=name) for name in spellings] == [200, 200, 200, 429, 429]


@pytest.mark.parametrize("password", ["short", "password123", "assistant-1"])
def test_staff_gets_no_password_that_is_guessed_first(admin_client: Client, password: str) -> None:
    new = {"username": "assistant", "usable_password": "true", "password1": password, "password2": password}
    refused = admin_client.post("/admin/auth/user/add/", new)
    assert refused.status_code == 200
    assert "errornote" in refused.content.decode()


def test_a_browser_that_was_left_open_is_signed_out_the_same_day() -> None:
    client = Client()
    client.post("/admin/login/", {"username": "admin", "password": "password"})
    assert 0 < int(client.cookies["sessionid"]["max-age"]) <= 12 * 3600
