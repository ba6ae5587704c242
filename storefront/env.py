"""Strict readers of the environment: a value is what it says, or the start is refused with its name."""

import re
from collections.abc import Mapping
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
        if dotenv:
            environ.Env.read_env(dotenv)

    @property
    def variables(self) -> Mapping[str, str]:
        return process_environment

    def text(self, name: str, default: str = "") -> str:
        return self.variables.get(name, "").strip() or default

    def texts(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        parts = [part.strip() for part in self.text(name).split(",")]
        return [part for part in parts if part] or list(default)

    def boolean(self, name: str, default: bool) -> bool:
        value = self.text(name, str(default))
        if value.lower() not in BOOLEANS:
            raise ImproperlyConfigured(f"{name} is {value!r}: set it to True or False.")
        return BOOLEANS[value.lower()]

    def integer(self, name: str, default: int, minimum: int = 0) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < minimum:
            raise ImproperlyConfigured(f"{name} is {value!r}: set it to a whole number of at least {minimum}.")
        return int(value)

    def http_url(self, name: str, default: str = "") -> str:
        value = self.text(name, default).rstrip("/")
        if value and not is_url(value, schemes=("http", "https")):
            raise ImproperlyConfigured(f"{name} is not a URL: write it as https://host or http://host:port.")
        return value

    def database(self, name: str, default: str) -> dict[str, Any]:
        value = self.text(name, default)
        schemes = {"sqlite": "sqlite:///path", "postgres": "postgres://user:password@host/name"}
        schemes["postgresql"] = schemes["postgres"]
        if not is_url(value, schemes=tuple(schemes), needs_host=not value.startswith("sqlite:")):
            raise ImproperlyConfigured(f"{name} is not a database's URL: write {' or '.join(set(schemes.values()))}.")
        return dict(environ.Env.db_url_config(value))

    def email(self, name: str, default: str) -> dict[str, Any]:
        value = self.text(name, default)
        if value.split("://")[0] not in environ.Env.EMAIL_SCHEMES:
            known = ", ".join(f"{scheme}://" for scheme in sorted(environ.Env.EMAIL_SCHEMES))
            raise ImproperlyConfigured(f"{name} is not a mail server's URL: begin it with one of {known}.")
        return dict(environ.Env.email_url_config(value))


def is_url(value: str, schemes: tuple[str, ...], needs_host: bool = True) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname or not needs_host) and parts.port != 0
    except ValueError:
        return False
