"""A local server that speaks Stripe's API over HTTP: it records what it is sent, and can be told to misbehave."""

import json
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from django.db import connection

from payments.sandbox.transport import SandboxClient

EXPIRED = json.dumps(
    {
        "error": {
            "type": "invalid_request_error",
            "code": "api_key_expired",
            "message": "Expired API Key provided: sk_test_sandbox",
        }
    }
)


@dataclass(frozen=True)
class Recorded:
    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def secret_key(self) -> str:
        return self.headers["Authorization"].removeprefix("Bearer ")

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.body))


@dataclass(frozen=True)
class Answer:
    """What to say instead of what Stripe would: a status and a body, or nothing at all."""

    status: int = 200
    body: str = "{}"
    content_type: str = "application/json"
    location: str = ""
    hang_up: bool = False
    silence: float = 0
    cut_after: int | None = None
    # The connection breaks in the middle of the answer, and not as one that is closed.
    reset: bool = False


@dataclass(frozen=True)
class Fault:
    """What every request of this kind is answered in an account, until it is taken away."""

    method: str
    path: str
    secret_key: str
    answer: Answer
    # Whether Stripe does what it is asked all the same, and only its answer is lost.
    is_done: bool = False

    def fits(self, request: Recorded) -> bool:
        same_account = request.secret_key == self.secret_key
        path = request.path.partition("?")[0]
        return same_account and request.method == self.method and re.fullmatch(self.path, path) is not None


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone: tests have that happen."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class StripeServer:
    """Use it as a context manager. `answers` are given first, one to each request; after them the stand-in answers.

    `changes` are made to every Checkout Session that it answers with, `intent_changes` to every PaymentIntent and
    `refund_changes` to every refund. A key in `expired_keys` opens nothing any more; `answers_at` are given to requests
    whose path begins so. Of `lost` requests it does what they ask, and its answers get lost.

    `faults` go before all of these. With `closes_after` nobody listens any more once so many requests were answered.
    """

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.answers: list[Answer] = []
        self.changes: dict[str, Any] = {}
        self.intent_changes: dict[str, Any] = {}
        self.refund_changes: dict[str, Any] = {}
        self.expired_keys: set[str] = set()
        self.answers_at: dict[str, Answer] = {}
        self.lost = 0
        self.meanwhile: Callable[[], object] | None = None
        self.afterwards: Callable[[], object] | None = None
        self.faults: list[Fault] = []
        self.closes_after: int | None = None
        self.keeps_connections = True
        self.server = Server(("127.0.0.1", 0), self.handler())
        self.port = self.server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "StripeServer":
        self.listen()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def listen(self) -> None:
        run = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        run.start()

    def close(self) -> None:
        """From now on connections are refused."""
        self.server.shutdown()
        self.server.server_close()

    def open_again(self) -> None:
        self.server = Server(("127.0.0.1", self.port), self.handler())
        self.listen()

    def close_in_time(self) -> None:
        if self.closes_after is not None:
            self.closes_after -= 1
            if self.closes_after == 0:
                self.close()

    def let_something_happen(self) -> None:
        """Do what `meanwhile` says, once: the shop is waiting for this server's answer."""
        act, self.meanwhile = self.meanwhile, None
        self.perform(act)

    def let_something_follow(self) -> None:
        """Do what `afterwards` says, once: Stripe has acted, and the shop does not have its answer yet."""
        act, self.afterwards = self.afterwards, None
        self.perform(act)

    def perform(self, act: Callable[[], object] | None) -> None:
        if act:
            try:
                act()
            finally:
                connection.close()

    def fault_of(self, request: Recorded) -> Answer | None:
        fault = next((fault for fault in self.faults if fault.fits(request)), None)
        if fault and fault.is_done:
            self.answer(request)
        return fault.answer if fault else None

    def answer_at(self, request: Recorded) -> Answer | None:
        return next((answer for path, answer in self.answers_at.items() if request.path.startswith(path)), None)

    def answer(self, request: Recorded) -> tuple[int, str]:
        if request.secret_key in self.expired_keys:
            return 401, EXPIRED
        reply, status, _ = SandboxClient().request(request.method, request.path, request.headers, request.body)
        values = json.loads(reply)
        if status == 200 and values.get("object") == "checkout.session":
            values |= self.changes
        if status == 200 and values.get("object") == "payment_intent":
            values |= self.intent_changes
        if status == 200:
            for refund in [values, *(values.get("data", []) if values.get("object") == "list" else [])]:
                if refund.get("object") == "refund":
                    refund |= self.refund_changes
        return status, json.dumps(values)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        stripe = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Otherwise the answer's head waits for the acknowledgement of the request.
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                self.respond(self.rfile.read(length).decode())

            def do_GET(self) -> None:
                self.respond("")

            def do_DELETE(self) -> None:
                self.respond("")

            def respond(self, body: str) -> None:
                request = Recorded(self.command, self.path, dict(self.headers), body)
                stripe.requests.append(request)
                answer = stripe.answers.pop(0) if stripe.answers else None
                stripe.let_something_happen()
                answer = stripe.fault_of(request) or answer or stripe.answer_at(request)
                if answer is None:
                    status, text = stripe.answer(request)
                    answer = Answer(status, text, hang_up=stripe.lost > 0)
                    stripe.lost = max(0, stripe.lost - 1)
                    stripe.let_something_follow()
                stripe.close_in_time()
                self.give(answer)

            def give(self, answer: Answer) -> None:
                time.sleep(answer.silence)
                if answer.hang_up:
                    self.close_connection = True
                    return
                body = answer.body.encode()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(body)))
                if answer.location:
                    self.send_header("Location", answer.location)
                self.end_headers()
                if answer.reset:
                    self.reset()
                    return
                self.wfile.write(body[: answer.cut_after])
                self.close_connection = answer.cut_after is not None or not stripe.keeps_connections

            def reset(self) -> None:
                self.wfile.flush()
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                """Tests read `requests` instead."""

        return Handler
