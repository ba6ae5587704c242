"""Strict readers of the environment: a value is what it says, or the start is refused with its name."""

import re
import ssl
from collections.abc import Collection, Mapping
from os import environ as process_environment
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BOOLEANS = {"true": True, "false": False}


class Environment:
    """The process's variables, joined by those of a `.env` file; the process's own win.

    An empty value counts as not set. Values that may carry a password are never repeated in an error.
    """

    def __init__(self, dotenv: Path | None = None) -> None:
        if dotenv and dotenv.is_file():
            require_lines(dotenv)
            environ.Env.read_env(dotenv)

    @classmethod
    def of_project(cls) -> "Environment":
        """With the `.env` in the project's folder, or the file that ENV_FILE names instead."""
        return cls(Path(__file__).resolve().parent.parent / process_environment.get("ENV_FILE", ".env"))

    @property
    def variables(self) -> Mapping[str, str]:
        return process_environment

    def text(self, name: str, default: str = "") -> str:
        return self.variables.get(name, "").strip() or default

    def texts(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        parts = [part.strip() for part in self.text(name).split(",")]
        return [part for part in parts if part] or list(default)

    def hosts(self, name: str, default: tuple[str, ...]) -> list[str]:
        hosts = self.texts(name, default)
        wrong = [host for host in hosts if not re.fullmatch(r"\*|\.?[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]", host)]
        if wrong:
            raise ImproperlyConfigured(f"{name} has {wrong[0]!r}: write names alone, as in shop.example.")
        return hosts

    def origins(self, name: str) -> list[str]:
        origins = self.texts(name)
        wrong = [origin for origin in origins if not re.fullmatch(r"https?://[A-Za-z0-9.*-]+(:[0-9]+)?", origin)]
        if wrong:
            raise ImproperlyConfigured(f"{name} has {wrong[0]!r}: write it as https://admin.shop.example.")
        return origins

    def choice(self, name: str, choices: Collection[str], default: str, example: str = "") -> str:
        value = self.text(name, default)
        if value not in choices:
            shown = ", ".join(choices) if len(choices) < 10 else f"a known name, such as {example}"
            raise ImproperlyConfigured(f"{name} is {value!r}: set it to {shown}.")
        return value

    def boolean(self, name: str, default: bool) -> bool:
        value = self.text(name, str(default))
        if value.lower() not in BOOLEANS:
            raise ImproperlyConfigured(f"{name} is {value!r}: set it to True or False.")
        return BOOLEANS[value.lower()]

    def integer(self, name: str, default: int, minimum: int = 0, maximum: int = 999_999_999) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", value) or not minimum <= int(value) <= maximum:
            raise ImproperlyConfigured(f"{name} is {value!r}: set it to a whole number from {minimum} to {maximum}.")
        return int(value)

    def limits(self, name: str, default: tuple[int, int]) -> tuple[int, int]:
        """Two numbers: for one visitor, and for one address."""
        value = self.text(name, "{},{}".format(*default))
        if not re.fullmatch(r"[0-9]{1,9}\s*,\s*[0-9]{1,9}", value):
            raise ImproperlyConfigured(f"{name} is {value!r}: set it to two numbers, as in {default[0]},{default[1]}.")
        visitor, address = map(int, value.split(","))
        return visitor, address

    def http_url(self, name: str, default: str = "") -> str:
        value = self.text(name, default).rstrip("/")
        if value and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#@]*)?", value) or not is_url(value or "http://host"):
            raise ImproperlyConfigured(f"{name} is not a URL: write it as https://host or http://host:port.")
        return value

    def certificates(self, name: str) -> str:
        """The path of a file that has certificates in it; empty if none is named."""
        path = self.text(name)
        try:
            if path:
                ssl.create_default_context(cafile=path)
        except OSError:
            raise ImproperlyConfigured(
                f"{name} is {path!r}, and no certificates can be read there: name a file in PEM format."
            ) from None
        return path

    def origin_of(self, host: str, https: bool) -> str:
        """Where the shop is most likely reached at a host of its own, or where `make run` listens."""
        if https:
            return f"https://{host}"
        return f"http://{host or 'localhost'}:{self.integer('PORT', 8000)}"

    @property
    def web_threads(self) -> int:
        """Of each process: with two processes, as many as PostgreSQL has connections for where nobody has set it up."""
        return self.integer("WEB_THREADS", 42, minimum=1)

    def database(self, name: str, default: Path) -> dict[str, Any]:
        """The database that a URL names; an SQLite file where none is set."""
        value = self.text(name)
        if not value:
            return {"ENGINE": environ.Env.DB_SCHEMES["sqlite"], "NAME": str(default)}
        sqlite = re.fullmatch(r"sqlite:///[^#?:]+", value)
        postgres = re.fullmatch(r"postgres(ql)?://[^/?#]*/[^/?#]+(\?[^#]*)?", value)
        if not sqlite and not (postgres and (is_url(value) or "host=" in value)):
            raise ImproperlyConfigured(
                f"{name} is not a database's URL: write postgres://user:password@host/name or sqlite:///path."
            )
        config = dict(environ.Env.db_url_config(value))
        unwanted = set(config) - {"ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS", "CONN_MAX_AGE"}
        if unwanted:
            # A transaction held open while Stripe is asked, or one that is never committed, loses money.
            raise ImproperlyConfigured(f"{name} sets {', '.join(sorted(unwanted))}: remove it.")
        return config

    def email(self, name: str, default: str) -> dict[str, Any]:
        value = self.text(name, default)
        scheme, _, rest = value.partition("://")
        known = sorted(environ.Env.EMAIL_SCHEMES)
        if "://" not in value or scheme not in known or not (is_url(value) if rest else "smtp" not in scheme):
            raise ImproperlyConfigured(
                f"{name} is not a mail server's URL: write smtp+tls://user:password@host:587, or before the :// one of "
                f"{', '.join(known)}."
            )
        return dict(environ.Env.email_url_config(value))


def require_lines(dotenv: Path) -> None:
    """Raise ImproperlyConfigured for a line that would be passed over, and do not quote it: it may hold a key."""
    try:
        lines = dotenv.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{dotenv.name} is not written in UTF-8: save it as such.") from None
    for number, line in enumerate(lines, start=1):
        if line.strip() and not re.match(r"\s*#|(export )?[A-Za-z_0-9]+=", line):
            raise ImproperlyConfigured(f"{dotenv.name}, line {number}: write NAME=value, without spaces around the =.")


def is_url(value: str) -> bool:
    """Whether it has a host, and a port that is a number where it has one."""
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
