"""What figures measure with: the shop as its Procfile starts it, on either database, and what it is compared with."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests

from payments.tests.shop_process import ROOT, Shop, execute, free_port, sandbox_keypair

DATABASES = ("sqlite", "postgres")
CURRENCIES = ("USD", "EUR", "JPY")
BARE = "gunicorn --config python:storefront.gunicorn --bind 127.0.0.1:$PORT benchmarks.bare"
# Two processes of so many threads hold nearly 200 who wait for Stripe, or for a place to do so.
MANY_THREADS = {"WEB_CONCURRENCY": "2", "WEB_THREADS": "128"}
__all__ = ["BARE", "DATABASES", "MANY_THREADS", "ROOT", "Bench", "Server"]


@dataclass
class Server:
    """A command line that serves at `url`, with `environment` and nothing else; what it says is kept in `log`."""

    command: str
    environment: dict[str, str]
    log: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, ready: str) -> None:
        environment = {**self.environment, "PORT": str(self.port), "HOST": "127.0.0.1"}
        with self.log.open("ab") as log:
            command = ["sh", "-c", f"exec {self.command}"]
            self.process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while not self.answers(ready):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise TimeoutError(f"No answer at {ready} of {self.command}:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def answers(self, path: str) -> bool:
        try:
            return requests.get(self.url + path, timeout=5).ok
        except requests.ConnectionError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=45)
        except subprocess.TimeoutExpired:
            self.process.kill()


@dataclass
class Bench:
    """What was asked for on the command line. `postgres` is the address of a server, or empty."""

    folder: Path
    postgres: str
    rounds: int
    databases: tuple[str, ...]
    web: str
    peer: str

    def __post_init__(self) -> None:
        # Where PostgreSQL is not installed, its rows are left out.
        self.databases = tuple(name for name in self.databases if name != "postgres" or self.postgres)

    @contextmanager
    def database(self, kind: str) -> Iterator[str]:
        """The address of a new and empty one."""
        name = f"bench_{uuid.uuid4().hex}"
        if kind == "sqlite":
            yield f"sqlite:///{self.folder}/{name}.sqlite3"
            return
        execute(self.postgres, f"CREATE DATABASE {name}")
        yield urlsplit(self.postgres)._replace(path=f"/{name}").geturl()
        execute(self.postgres, f"DROP DATABASE {name} WITH (FORCE)")

    def environment(self, database_url: str, **more: str) -> dict[str, str]:
        """Of a shop with the demo's catalog, in production's settings."""
        keypairs = {name: value for code in CURRENCIES for name, value in sandbox_keypair(code, "bench_").items()}
        sandbox = str(self.folder / "sandbox.sqlite3")
        basics = {"DATABASE_URL": database_url, "STRIPE_SANDBOX_DATABASE": sandbox, "LOG_LEVEL": "INFO"}
        environment = Shop({**basics, **keypairs, **more}).environment
        return {**environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self.folder)}

    @contextmanager
    def shop(self, kind: str, **more: str) -> Iterator[Server]:
        """The shop, by its Procfile's web line, on a new database of this kind with the demo's catalog."""
        with self.database(kind) as database_url:
            environment = self.environment(database_url, **more)
            manage(environment, "prepare")
            with self.served(self.web or web_line(), environment, "/readyz") as server:
                yield server

    @contextmanager
    def bare(self, **more: str) -> Iterator[Server]:
        """Django without a middleware, a database or a template, on the shop's server."""
        with self.served(BARE, self.environment("sqlite:///none", **more), "/") as server:
            yield server

    @contextmanager
    def served(self, command: str, environment: dict[str, str], ready: str) -> Iterator[Server]:
        server = Server(command, environment, self.folder / "server.log")
        server.start(ready)
        try:
            yield server
        finally:
            server.stop()


def web_line() -> str:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return next(line.removeprefix("web:").strip() for line in lines if line.startswith("web:"))


def manage(environment: dict[str, str], *arguments: str) -> str:
    """What the command of manage.py printed."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout


def inside(environment: dict[str, str], script: str, *arguments: str) -> str:
    """What a script of benchmarks/inside printed, which ran as a process of the shop."""
    command = [sys.executable, "-m", f"benchmarks.inside.{script}", *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout
