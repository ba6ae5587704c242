"""The moments between two steps of the shop, seen from outside: around each commit and each call to Stripe."""

import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from payments.tests.stripe_server import Recorded, StripeServer

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b")
SSL_REQUEST = 80877103
AUTHENTICATED, LAST_WORD_OF_AUTHENTICATION = 0, 12


class Moments:
    """Counts them while somebody acts, and kills the process that acts at one of them."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.victims: Callable[[], list[int]] | None = None
        self.last = 0
        self.lock = threading.Lock()

    @contextmanager
    def killing(self, victims: Callable[[], list[int]], at: int) -> Iterator[None]:
        self.seen, self.victims, self.last = [], victims, at
        try:
            yield
        finally:
            self.victims = None

    @property
    def is_over(self) -> bool:
        """Whether the process was killed before all was done."""
        return len(self.seen) >= self.last

    def is_last(self, name: str) -> bool:
        """Whether nothing happens after this moment."""
        with self.lock:
            if self.victims is None:
                return False
            self.seen.append(name)
            if len(self.seen) == self.last:
                for pid in self.victims():
                    os.kill(pid, signal.SIGKILL)
            return len(self.seen) >= self.last


class WatchedStripe(StripeServer):
    """Stripe, which sees whether the shop dies before it does what it is asked, or before the answer arrives."""

    def __init__(self, moments: Moments) -> None:
        super().__init__()
        self.moments = moments

    def answer(self, request: Recorded) -> tuple[int, str]:
        name = f"{request.method} {request.path.partition('?')[0]}"
        if self.moments.is_last(f"before {name}"):
            return 500, "{}"
        answer = super().answer(request)
        self.moments.is_last(f"after {name}")
        return answer


class WatchedPostgres:
    """Passes on what the shop and PostgreSQL say to each other, which is one query and its answer at a time.

    https://www.postgresql.org/docs/current/protocol-message-formats.html
    """

    def __init__(self, database_url: str, moments: Moments) -> None:
        self.parts = urlsplit(database_url)
        self.moments = moments
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    @property
    def url(self) -> str:
        user = self.parts.netloc.rpartition("@")[0]
        port = self.listener.getsockname()[1]
        return self.parts._replace(netloc=f"{user}@127.0.0.1:{port}").geturl()

    def __enter__(self) -> "WatchedPostgres":
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.listener.close()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.converse, args=(client,), daemon=True).start()

    def converse(self, client: socket.socket) -> None:
        server = socket.create_connection((self.parts.hostname or "", self.parts.port or 5432))
        with client, server, suppress(OSError):
            self.sign_in(client, server)
            in_transaction = False
            while True:
                query = message(client)
                name = self.name_of(query, in_transaction)
                if name and self.moments.is_last(f"before {name}"):
                    return
                server.sendall(query)
                answer = b"".join(until_ready(server))
                in_transaction = answer[-1:] != b"I"
                if name and self.moments.is_last(f"after {name}"):
                    return
                client.sendall(answer)

    def sign_in(self, client: socket.socket, server: socket.socket) -> None:
        hello = untyped_message(client)
        if int.from_bytes(hello[4:8]) == SSL_REQUEST:
            client.sendall(b"N")
            hello = untyped_message(client)
        server.sendall(hello)
        for said in until_ready(server):
            client.sendall(said)
            asks = said[:1] == b"R" and int.from_bytes(said[5:9]) not in (AUTHENTICATED, LAST_WORD_OF_AUTHENTICATION)
            if asks:
                server.sendall(message(client))

    def name_of(self, query: bytes, in_transaction: bool) -> str:
        """What is written for good by it; empty if nothing is."""
        text = query[5:-1].decode(errors="replace") if query[:1] == b"Q" else ""
        if text.strip().startswith("COMMIT"):
            return "COMMIT"
        return " ".join(text.split()[:3]) if WRITES.match(text) and not in_transaction else ""


def until_ready(server: socket.socket) -> Iterator[bytes]:
    """Messages up to the one that says that the next query may come."""
    said = b""
    while said[:1] != b"Z":
        said = message(server)
        yield said


def message(sender: socket.socket) -> bytes:
    head = exactly(sender, 5)
    return head + exactly(sender, int.from_bytes(head[1:]) - 4)


def untyped_message(sender: socket.socket) -> bytes:
    head = exactly(sender, 4)
    return head + exactly(sender, int.from_bytes(head) - 4)


def exactly(sender: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = sender.recv(count - len(received))
        if not part:
            raise ConnectionError("The other side has gone.")
        received += part
    return received
