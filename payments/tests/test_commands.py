"""From a fresh clone to a shop, and again without harm."""

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client

from payments.models import Item

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def administrator(monkeypatch: Any) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "owner")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a-long-password")


def test_the_administrator_is_made_once_and_keeps_a_changed_password(db: None, administrator: None) -> None:
    call_command("ensure_superuser", verbosity=0)
    owner = get_user_model().objects.get()
    assert owner.is_superuser
    owner.set_password("changed")
    owner.save()
    call_command("ensure_superuser", verbosity=0)
    assert get_user_model().objects.get().check_password("changed")


@pytest.mark.parametrize("missing", ["DJANGO_SUPERUSER_USERNAME", "DJANGO_SUPERUSER_PASSWORD"])
def test_an_administrator_without_name_or_password_is_refused(
    db: None, administrator: None, monkeypatch: Any, missing: str
) -> None:
    monkeypatch.setenv(missing, " ")
    with pytest.raises(CommandError, match=f"{missing} is not set"):
        call_command("ensure_superuser")


def test_the_demo_is_a_dozen_items_in_two_currencies_with_pictures_that_ship(client: Client, db: None) -> None:
    call_command("demo_catalog", verbosity=0)
    assert Item.objects.count() == 12
    assert set(Item.objects.values_list("currency", flat=True)) == {"USD", "EUR"}
    for item in Item.objects.all():
        assert (ROOT / "static" / item.picture).is_file()
        assert client.get(f"/item/{item.pk}").status_code == 200


def prepare(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return manage(folder, "prepare", "--no-static", **variables)


def manage(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "no.env",
        "SECRET_KEY": "x" * 50,
        "DATABASE_URL": f"sqlite:///{folder}/shop.sqlite3",
        "STRIPE_SANDBOX_DATABASE": f"{folder}/sandbox.sqlite3",
        "DJANGO_SUPERUSER_USERNAME": "admin",
        "DJANGO_SUPERUSER_PASSWORD": "first-password",
        "STRIPE_USD_PUBLISHABLE_KEY": "pk_test_sandbox_usd",
        "STRIPE_USD_SECRET_KEY": "sk_test_sandbox_usd",
        "STRIPE_USD_WEBHOOK_SECRET": "whsec_sandbox_usd",
        "PORT": str(free_port()),
    }
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *command],
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def items_in(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "shop.sqlite3")) as shop:
        count: int = shop.execute("SELECT count(*) FROM payments_item").fetchone()[0]
        return count


def test_the_first_run_fills_the_shop_and_the_second_changes_nothing(tmp_path: Path) -> None:
    first = prepare(tmp_path, PORT="0" + str(free_port()))
    assert first.returncode == 0, first.stderr
    assert "/admin/   admin / first-password" in first.stdout
    assert "stand-in" in first.stdout
    assert items_in(tmp_path) == 12
    before = (tmp_path / "shop.sqlite3").read_bytes()
    second = prepare(tmp_path, DJANGO_SUPERUSER_PASSWORD="another")
    assert "admin, with the password that was chosen" in second.stdout
    assert (tmp_path / "shop.sqlite3").read_bytes() == before


def test_a_first_run_that_failed_is_made_good_by_the_next(tmp_path: Path) -> None:
    failed = prepare(tmp_path, DJANGO_SUPERUSER_PASSWORD="")
    assert (
        failed.stderr == "CommandError: DJANGO_SUPERUSER_PASSWORD is not set: set it in the environment or in .env.\n"
    )
    assert "admin / first-password" in prepare(tmp_path).stdout
    assert items_in(tmp_path) == 12


def test_items_that_were_removed_do_not_come_back(tmp_path: Path) -> None:
    prepare(tmp_path)
    with closing(sqlite3.connect(tmp_path / "shop.sqlite3")) as shop:
        shop.execute("DELETE FROM payments_item")
        shop.commit()
    prepare(tmp_path)
    assert items_in(tmp_path) == 0


def test_a_database_that_does_not_answer_is_told_in_one_line(tmp_path: Path) -> None:
    refused = prepare(tmp_path, DATABASE_URL=f"postgres://shop:hunter2@127.0.0.1:{free_port()}/shop")
    assert refused.stderr.startswith("CommandError: The database cannot be used (")
    assert refused.stderr.endswith("correct DATABASE_URL.\n")
    assert refused.stderr.count("\n") == 1
    assert "hunter2" not in refused.stderr


@pytest.mark.parametrize("command", ["migrate", "reconcile"])
def test_whatever_command_meets_no_database_tells_it_in_one_line(tmp_path: Path, command: str) -> None:
    refused = manage(tmp_path, command, DATABASE_URL=f"postgres://shop:hunter2@127.0.0.1:{free_port()}/shop")
    assert refused.returncode == 1
    assert refused.stderr.startswith("The database cannot be used (")
    assert refused.stderr.endswith("start it, correct DATABASE_URL, or run `manage.py migrate`.\n")
    assert "hunter2" not in refused.stderr


def test_a_database_option_that_there_is_not_is_told_in_one_line(tmp_path: Path) -> None:
    refused = prepare(tmp_path, DATABASE_URL="postgres://shop:hunter2@127.0.0.1/shop?schema=public")
    assert refused.stderr.startswith("CommandError: The database cannot be used (")
    assert refused.stderr.count("\n") == 1
    assert "hunter2" not in refused.stderr


def test_a_port_that_is_taken_is_told_in_one_line_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = prepare(tmp_path, PORT=str(server.getsockname()[1]))
    assert taken.returncode == 1
    assert taken.stdout == ""
    assert taken.stderr.count("\n") == 1
    assert "choose another, as in `make run PORT=8123`" in taken.stderr


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_told_in_one_line(tmp_path: Path, port: str) -> None:
    refused = prepare(tmp_path, PORT=port)
    assert refused.stderr.startswith("CommandError: PORT is")
    assert refused.stderr.count("\n") == 1
