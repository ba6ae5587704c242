"""The shop as it is deployed: real processes under gunicorn, with a database of their own."""

import atexit
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import requests

ROOT = Path(__file__).resolve().parents[2]


class Shop:
    """A shop with the demo catalog. `environment` is added to what a process must know."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "ENV_FILE": "no.env",
            "SECRET_KEY": "x" * 50,
            "HTTPS": "False",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            # A thousand buys come from one address.
            **{f"LIMIT_{act}": "0,0" for act in ("BUYS", "INTENTS", "CODES", "DECLINES", "LOGINS")},
            "DJANGO_SUPERUSER_USERNAME": "admin",
            "DJANGO_SUPERUSER_PASSWORD": "admin-password",
            **environment,
        }

    def manage(self, *arguments: str) -> str:
        """What the command printed."""
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", *arguments],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:storefront.gunicorn"],
            env=self.environment,
            cwd=ROOT,
        )
        for _ in range(200):
            time.sleep(0.1)
            if self.is_ready():
                return
        raise TimeoutError("The shop did not start.")

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).ok
        except requests.ConnectionError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)

    @property
    def workers(self) -> list[int]:
        """The process ids of those that answer requests."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def kill(self) -> None:
        """All of it, in the middle of whatever it does."""
        for pid in (self.process.pid, *self.workers):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=60)

    @property
    def is_on_postgres(self) -> bool:
        return self.environment["DATABASE_URL"].startswith("postgres")

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the shop's database answers, asked from beside the shop."""
        return execute(self.environment["DATABASE_URL"], statement)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def running_shop(folder: Path, **environment: str) -> Iterator[Shop]:
    """A new shop, on SQLite in the folder, or on a new database of the server that DATABASE_URL names."""
    with new_database(folder) as database_url:
        sandbox = str(folder / "sandbox.sqlite3")
        shop = Shop({"DATABASE_URL": database_url, "STRIPE_SANDBOX_DATABASE": sandbox, **environment})
        shop.manage("prepare")
        shop.start()
        try:
            yield shop
        finally:
            shop.stop()


@contextmanager
def new_database(folder: Path) -> Iterator[str]:
    """Its address: a copy of one that was migrated once, since a migration takes seconds."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        shutil.copy(migrated_file(), folder / "shop.sqlite3")
        yield f"sqlite:///{folder}/shop.sqlite3"
        return
    name = f"shop_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {migrated_template(server)}")
    try:
        yield address_of(name, server)
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


@cache
def migrated_file() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="storefront-migrated-"))
    atexit.register(shutil.rmtree, folder)
    file = folder / "shop.sqlite3"
    Shop({"DATABASE_URL": f"sqlite:///{file}"}).manage("migrate", "--verbosity", "0")
    return file


@cache
def migrated_template(server: str) -> str:
    """The name of a database of this server."""
    name = f"shop_migrated_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name}")
    atexit.register(execute, server, f"DROP DATABASE {name} WITH (FORCE)")
    Shop({"DATABASE_URL": address_of(name, server)}).manage("migrate", "--verbosity", "0")
    return name


def address_of(name: str, server: str) -> str:
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def execute(database_url: str, statement: str) -> list[tuple[Any, ...]]:
    """In a transaction of its own; the rows that it answers, if any."""
    with closing(connection_to(database_url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def connection_to(database_url: str) -> Any:
    if database_url.startswith("sqlite:///"):
        return sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=20, isolation_level=None)
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    return connection


def sandbox_keypair(currency: str, mark: str = "sandbox_") -> dict[str, str]:
    code = currency.lower()
    return {
        f"STRIPE_{currency}_PUBLISHABLE_KEY": f"pk_test_{mark}{code}",
        f"STRIPE_{currency}_SECRET_KEY": f"sk_test_{mark}{code}",
        f"STRIPE_{currency}_WEBHOOK_SECRET": f"whsec_{mark}{code}",
    }
