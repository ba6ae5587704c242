"""A setting is what the environment says, or the start is refused with the variable's name."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from storefront.dotenv import make_dotenv
from storefront.env import Environment
from storefront.log import logging_config

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def env() -> Environment:
    return Environment()


@pytest.mark.parametrize(("value", "read"), [("True", True), ("false", False), ("", True)])
def test_a_boolean_is_true_or_false(env: Environment, monkeypatch: Any, value: str, read: bool) -> None:
    monkeypatch.setenv("DEBUG", value)
    assert env.boolean("DEBUG", default=True) is read


@pytest.mark.parametrize("value", ["yes", "1", "on", "Flase", "no"])
def test_any_other_boolean_is_refused_by_name(env: Environment, monkeypatch: Any, value: str) -> None:
    monkeypatch.setenv("DEBUG", value)
    with pytest.raises(ImproperlyConfigured, match=f"DEBUG is '{value}': set it to True or False"):
        env.boolean("DEBUG", default=False)


@pytest.mark.parametrize("value", ["many", "1.5", "-1", "٣", "1_0", "0"])
def test_a_bad_number_is_refused_by_name(env: Environment, monkeypatch: Any, value: str) -> None:
    monkeypatch.setenv("WEB_THREADS", value)
    with pytest.raises(ImproperlyConfigured, match="WEB_THREADS is .* whole number from 1 to"):
        env.integer("WEB_THREADS", default=16, minimum=1)


def test_limits_are_for_a_visitor_and_for_an_address(env: Environment, monkeypatch: Any) -> None:
    monkeypatch.setenv("LIMIT_BUYS", "")
    assert env.limits("LIMIT_BUYS", default=(20, 60)) == (20, 60)
    monkeypatch.setenv("LIMIT_BUYS", "5, 0")
    assert env.limits("LIMIT_BUYS", default=(20, 60)) == (5, 0)


@pytest.mark.parametrize("value", ["20", "20,", "a,b", "-1,5", "1,2,3", "1;2"])
def test_a_bad_limit_is_refused_by_name(env: Environment, monkeypatch: Any, value: str) -> None:
    monkeypatch.setenv("LIMIT_BUYS", value)
    with pytest.raises(ImproperlyConfigured, match="LIMIT_BUYS is .*: set it to two numbers, as in 20,60"):
        env.limits("LIMIT_BUYS", default=(20, 60))


@pytest.mark.parametrize(
    "value",
    [
        *("localhost:12111", "ftp://host", "http://", "http://host:port", "//host", "http://host:0", "http://a b"),
        *("http://user:pass@host", "http://host?q", "http://host/#f"),
    ],
)
def test_a_bad_url_is_refused_by_name(env: Environment, monkeypatch: Any, value: str) -> None:
    monkeypatch.setenv("STRIPE_API_BASE", value)
    with pytest.raises(ImproperlyConfigured, match="STRIPE_API_BASE is not a URL"):
        env.http_url("STRIPE_API_BASE")


@pytest.mark.parametrize(
    "value",
    [
        *("postgres", "mysql://u:hunter2@h/n", "postgres://", "postgres://u:hunter2@h:x/n", "postgres://u:hunter2@h"),
        *("postgres://u:hunter2@h:5432/", "sqlite:relative.db", "sqlite://", "sqlite:///a#b.db", "sqlite:///:memory:"),
    ],
)
def test_a_bad_database_url_is_refused_by_name_and_its_password_is_not_repeated(
    env: Environment, monkeypatch: Any, value: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", value)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL is not a database's URL") as refusal:
        env.database("DATABASE_URL", default=Path("db.sqlite3"))
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("option", ["ATOMIC_REQUESTS", "AUTOCOMMIT"])
def test_a_database_url_may_not_keep_from_the_database_what_is_sold(
    env: Environment, monkeypatch: Any, option: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgres://u@h/n?{option}=False")
    with pytest.raises(ImproperlyConfigured, match=f"DATABASE_URL sets {option}"):
        env.database("DATABASE_URL", default=Path("db.sqlite3"))


def test_a_name_out_of_a_list_is_one_of_the_list(env: Environment, monkeypatch: Any) -> None:
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL is 'LOUD': set it to DEBUG, INFO"):
        env.choice("LOG_LEVEL", ("DEBUG", "INFO"), default="INFO")


@pytest.mark.parametrize("value", ["https://shop.example", "shop.example/", "shop example", "shop.example:8000"])
def test_a_host_is_a_name_alone(env: Environment, monkeypatch: Any, value: str) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", f"localhost, [::1], .example.com, {value}")
    with pytest.raises(ImproperlyConfigured, match="ALLOWED_HOSTS has '.*': write names alone"):
        env.hosts("ALLOWED_HOSTS", default=())


@pytest.mark.parametrize(
    "value", ["mail.example:587", "smtp", "consolemail", "smtp+tls://", "smtp+tls://u:p@mail:abc", "pigeon://x"]
)
def test_a_bad_mail_url_is_refused_by_name(env: Environment, monkeypatch: Any, value: str) -> None:
    monkeypatch.setenv("EMAIL_URL", value)
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL is not a mail server's URL"):
        env.email("EMAIL_URL", default="")


def test_good_urls_are_read(env: Environment, monkeypatch: Any) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://shop:secret@db.example:5433/shop?sslmode=require")
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:12111/")
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://user:secret@mail.example:587")
    database = env.database("DATABASE_URL", default=Path("db.sqlite3"))
    assert (database["HOST"], database["PORT"], database["OPTIONS"]) == (
        "db.example",
        5433,
        {"sslmode": "require"},
    )
    assert env.http_url("STRIPE_API_BASE") == "http://127.0.0.1:12111"
    assert env.email("EMAIL_URL", default="")["EMAIL_HOST"] == "mail.example"


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py as a process of its own that knows no environment but this."""
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env={"PATH": os.environ["PATH"], "ENV_FILE": "no.env", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_with_debug_off_and_no_secret_key_it_does_not_start() -> None:
    refused = manage("check")
    assert refused.returncode == 1
    assert "SECRET_KEY is not set" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_bad_value_ends_the_start_in_one_line() -> None:
    refused = manage("check", SECRET_KEY="x" * 50, DEBUG="maybe")
    assert refused.stderr == "The settings cannot be used. DEBUG is 'maybe': set it to True or False.\n"


def test_a_web_process_with_an_unsound_ring_does_not_start(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-c", "import storefront.wsgi"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "ENV_FILE": "no.env",
            "SECRET_KEY": "x" * 50,
            "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
            "STRIPE_USD_SECRET_KEY": "sk_test_hidden",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 1
    assert "payments.E001" in refused.stderr
    assert "sk_test_hidden" not in refused.stderr


def test_production_settings_pass_djangos_own_deployment_check(tmp_path: Path) -> None:
    checked = manage(
        *("check", "--deploy", "--fail-level", "WARNING"),
        SECRET_KEY="a-long-and-random-text-0123456789-abcdefghijklmnopqrstuvwxyz",
        DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3",
        ALLOWED_HOSTS="shop.example",
        BEHIND_PROXY="True",
        STRIPE_USD_PUBLISHABLE_KEY="pk_live_made_up",
        STRIPE_USD_SECRET_KEY="sk_live_made_up",
        STRIPE_USD_WEBHOOK_SECRET="whsec_made_up",
    )
    assert checked.stdout + checked.stderr == "System check identified no issues (2 silenced).\n"


@pytest.mark.parametrize(
    ("mode", "given", "limits"),
    [("live", "", "(20, 60)"), ("test", "", "(20, 20000)"), ("test", "5,6", "(5, 6)"), ("live", "5,6", "(5, 6)")],
)
def test_one_address_may_buy_more_often_while_no_key_is_live(mode: str, given: str, limits: str) -> None:
    told = manage(
        *("shell", "--no-imports", "-c", "from django.conf import settings; print(settings.LIMITS['buys'])"),
        SECRET_KEY="x" * 50,
        LIMIT_BUYS=given,
        STRIPE_USD_PUBLISHABLE_KEY=f"pk_{mode}_made_up",
        STRIPE_USD_SECRET_KEY=f"rk_{mode}_made_up",
        STRIPE_USD_WEBHOOK_SECRET="whsec_made_up",
    )
    assert told.stdout == f"{limits}\n", told.stderr


def test_dotenv_is_made_once_with_fresh_secrets_that_only_its_owner_reads(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text())
    assert make_dotenv(tmp_path)
    made = (tmp_path / ".env").read_text()
    assert "SECRET_KEY=\n" not in made
    assert "DJANGO_SUPERUSER_PASSWORD=\n" not in made
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    assert not make_dotenv(tmp_path)
    assert (tmp_path / ".env").read_text() == made


def test_every_variable_that_is_read_is_explained_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    read = (ROOT / "storefront/settings.py").read_text() + (ROOT / "storefront/gunicorn.py").read_text()
    names = set(re.findall(r"env\.\w+\(['\"]([A-Z_]+)", read))
    assert len(names) > 15
    assert [name for name in sorted(names) if name not in example] == []


def test_the_server_reads_the_same_file_as_the_settings(tmp_path: Path) -> None:
    (tmp_path / "my.env").write_text("HOST=127.0.0.1\nPORT=8999\n")
    read = subprocess.run(
        [sys.executable, "-c", "import storefront.gunicorn as server; print(server.bind)"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": str(tmp_path / "my.env")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert read.stdout == "127.0.0.1:8999\n"


@pytest.mark.parametrize(
    "line", ["STRIPE_USD_SECRET_KEY = sk_live_hidden", "sk_live_hidden", "STRIPE-USD=sk_live_hidden"]
)
def test_a_line_of_dotenv_that_would_be_passed_over_is_told_by_number_and_not_quoted(tmp_path: Path, line: str) -> None:
    (tmp_path / "my.env").write_text(f"# keys\n\nexport DEBUG=False\n{line}\n")
    refused = manage("check", ENV_FILE=str(tmp_path / "my.env"), SECRET_KEY="x" * 50)
    assert refused.stderr == (
        "The settings cannot be used. my.env, line 4: write NAME=value, without spaces around the =.\n"
    )


@pytest.mark.parametrize("value", ["shop.example", "https://", "ftp://shop.example", "https://shop.example/admin"])
def test_an_origin_has_its_scheme(env: Environment, monkeypatch: Any, value: str) -> None:
    monkeypatch.setenv("CSRF_TRUSTED_ORIGINS", f"https://admin.shop.example,{value}")
    with pytest.raises(ImproperlyConfigured, match="CSRF_TRUSTED_ORIGINS has '.*': write it as https://"):
        env.origins("CSRF_TRUSTED_ORIGINS")


def test_the_development_server_without_collected_files_says_what_to_do(tmp_path: Path) -> None:
    code = (
        "from django.conf import settings; import django; from django.core.management import call_command;"
        f"django.setup(); settings.STATIC_ROOT = {str(tmp_path)!r}; call_command('runserver')"
    )
    refused = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "ENV_FILE": "no.env",
            "SECRET_KEY": "x" * 50,
            "DJANGO_SETTINGS_MODULE": "storefront.settings",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "The static files are not collected: use `make dev`" in refused.stderr


def test_without_a_url_the_database_is_a_file_whatever_its_folder_is_called(env: Environment, monkeypatch: Any) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert env.database("DATABASE_URL", default=Path("/a c++#1%41/db.sqlite3"))["NAME"] == "/a c++#1%41/db.sqlite3"


def test_a_database_behind_a_socket_is_read(env: Environment, monkeypatch: Any) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://shop:p%40ss@/shop?host=/var/run/postgresql")
    config = env.database("DATABASE_URL", default=Path("db.sqlite3"))
    assert (config["PASSWORD"], config["OPTIONS"]) == ("p@ss", {"host": "/var/run/postgresql"})


def test_a_dotenv_that_is_not_utf_8_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "my.env").write_bytes("SHOP_NAME=Café".encode("latin-1"))
    refused = manage("check", ENV_FILE=str(tmp_path / "my.env"), SECRET_KEY="x" * 50)
    assert refused.stderr == "The settings cannot be used. my.env is not written in UTF-8: save it as such.\n"


def test_what_is_counted_is_told_even_where_little_is_shown() -> None:
    config = logging_config(form="json", level="ERROR", with_metrics=True)
    assert config["handlers"]["console"]["level"] == "ERROR"
    assert config["root"]["level"] == "INFO"
    assert "counting" in config["loggers"]["payments"]["handlers"]
