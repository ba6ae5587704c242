"""The shop as it is deployed: real processes under gunicorn, with a database of their own."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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

    def manage(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, ROOT / "manage.py", *arguments],
            env=self.environment,
            check=True,
            capture_output=True,
            timeout=120,
        )

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
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{folder}/shop.sqlite3"
        return
    name = f"shop_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def execute(server: str, statement: str) -> None:
    connection = psycopg2.connect(server)
    connection.autocommit = True
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()


def sandbox_keypair(currency: str, mark: str = "sandbox_") -> dict[str, str]:
    code = currency.lower()
    return {
        f"STRIPE_{currency}_PUBLISHABLE_KEY": f"pk_test_{mark}{code}",
        f"STRIPE_{currency}_SECRET_KEY": f"sk_test_{mark}{code}",
        f"STRIPE_{currency}_WEBHOOK_SECRET": f"whsec_{mark}{code}",
    }
