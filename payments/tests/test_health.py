"""Whoever watches the process learns whether it lives and can work."""

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client


@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/readyz", "/readyz/"])
def test_a_sound_shop_says_ok(client: Client, db: None, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_without_its_database_it_lives_but_is_not_ready(client: Client, db: None) -> None:
    def down(*args: Any) -> None:
        raise OperationalError("no route to host")

    with connection.execute_wrapper(down):
        assert client.get("/healthz").status_code == 200
        response = client.get("/readyz")
    assert response.status_code == 503
    assert "no route" not in response.content.decode()


def test_a_shop_whose_migrations_are_not_applied_is_not_ready_and_says_which(client: Client, db: None) -> None:
    MigrationRecorder(connection).record_unapplied("payments", "0002_one_order_one_currency")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.content.decode() == (
        "1 migrations are not applied, such as payments.0002_one_order_one_currency: run `manage.py migrate`.\n"
    )


def test_a_database_with_migrations_of_a_later_release_is_as_good(client: Client, db: None) -> None:
    MigrationRecorder(connection).record_applied("payments", "0999_of_the_next_release")
    assert client.get("/readyz").status_code == 200


def test_a_probe_asks_the_database_little(client: Client, db: None, django_assert_max_num_queries: Any) -> None:
    client.get("/readyz")
    with django_assert_max_num_queries(2):
        client.get("/readyz")


def test_a_probe_of_the_bare_address_is_answered_and_a_shopper_is_sent_to_https(
    client: Client, db: None, settings: Any
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz", headers={"Host": "10.0.0.5:8000"}).status_code == 200
    assert client.get("/")["Location"] == "https://testserver/"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_a_probe_only_reads(client: Client, method: str) -> None:
    assert getattr(client, method)("/readyz").status_code == 405
