"""A local server that speaks as much of Stripe's API as a buy needs, over TLS, and takes its time over each answer.

It is a process of its own and holds thousands of requests at once; the stand-in of the shop is for one at a time.
"""

import argparse
import asyncio
import itertools
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import requests
import trustme

from benchmarks.load import content_length
from payments.tests.shop_process import ROOT, free_port


class Stripe:
    """`delay` is in seconds, and can be changed by GET /bench?delay=…; what was opened so far is paid by ?paid=1"""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.connections = 0
        self.numbers = itertools.count(1)
        self.sessions: dict[str, dict[str, Any]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, path, _ = head.decode("latin-1").split(" ", 2)
                body = await reader.readexactly(content_length(head))
                status, answer = await self.answer(method, path, body.decode())
                text = json.dumps(answer).encode()
                head_of_answer = (
                    f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}"
                )
                writer.write(f"{head_of_answer}\r\n\r\n".encode() + text)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            # Whoever asked has gone.
            pass
        finally:
            writer.close()

    async def answer(self, method: str, path: str, body: str) -> tuple[int, dict[str, Any]]:
        route, _, query = path.partition("?")
        if route == "/bench":
            return 200, self.told(parse_qs(query))
        await asyncio.sleep(self.delay)
        match route.removeprefix("/v1/").split("/"):
            case ["checkout", "sessions"] if method == "POST":
                return 200, self.new_session({name: values[0] for name, values in parse_qs(body).items()})
            case ["checkout", "sessions", name] if name in self.sessions:
                return 200, self.sessions[name]
            case ["checkout", "sessions", name, "expire"] if name in self.sessions:
                self.sessions[name]["status"] = "expired"
                return 200, self.sessions[name]
        return 404, {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": f"No {route}"}}

    def told(self, wanted: dict[str, list[str]]) -> dict[str, Any]:
        self.delay = float(wanted.get("delay", [self.delay])[0])
        for session in self.sessions.values() if "paid" in wanted else ():
            session |= paid(session["id"])
        return {"connections": self.connections, "delay": self.delay}

    def new_session(self, params: dict[str, str]) -> dict[str, Any]:
        """https://docs.stripe.com/api/checkout/sessions/object"""
        name = f"cs_test_bench{next(self.numbers)}"
        every_line = (f"line_items[{number}]" for number in itertools.count())
        lines = itertools.takewhile(lambda line: f"{line}[quantity]" in params, every_line)
        total = sum(
            int(params[f"{line}[quantity]"]) * int(params[f"{line}[price_data][unit_amount]"]) for line in lines
        )
        self.sessions[name] = {
            "id": name,
            "object": "checkout.session",
            "url": f"https://checkout.stripe.com/c/pay/{name}",
            "status": "open",
            "payment_status": "unpaid",
            "amount_subtotal": total,
            "amount_total": total,
            "currency": params["line_items[0][price_data][currency]"],
            "livemode": False,
            "client_reference_id": params["client_reference_id"],
            "payment_intent": None,
            "created": int(time.time()),
            "expires_at": int(time.time()) + 86_400,
        }
        return self.sessions[name]


def paid(session_id: str) -> dict[str, Any]:
    """What changes of a session."""
    intent = {"id": f"pi_{session_id}", "object": "payment_intent", "status": "succeeded"}
    return {"status": "complete", "payment_status": "paid", "url": None, "payment_intent": intent}


async def listen(port: int, certificate: str, delay: float) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    stripe = Stripe(delay)
    server = await asyncio.start_server(stripe.serve, "127.0.0.1", port, ssl=context, backlog=2048)
    await server.serve_forever()


@dataclass(frozen=True)
class StripeServer:
    """A running one, and what a shop must be told to use it."""

    port: int
    authority: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"STRIPE_API_BASE": f"https://localhost:{self.port}", "STRIPE_CA_BUNDLE": str(self.authority)}

    def tell(self, **wanted: float) -> dict[str, Any]:
        url = f"https://localhost:{self.port}/bench"
        told: dict[str, Any] = requests.get(url, params=wanted, verify=str(self.authority), timeout=10).json()
        return told

    @property
    def connections(self) -> int:
        """How many were opened so far, that of this question left out."""
        return int(self.tell()["connections"]) - 1


@contextmanager
def running_stripe(folder: Path, *, delay: float) -> Iterator[StripeServer]:
    authority, port = trustme.CA(), free_port()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "stripe.pem")
    command = [sys.executable, "-m", __name__, str(port), str(folder / "stripe.pem"), str(delay)]
    process = subprocess.Popen(command, cwd=ROOT)
    server = StripeServer(port, folder / "authority.pem")
    try:
        wait_for(server)
        yield server
    finally:
        process.kill()
        process.wait()


def wait_for(server: StripeServer) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            server.tell()
            return
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("certificate")
    parser.add_argument("delay", type=float)
    arguments = parser.parse_args()
    asyncio.run(listen(arguments.port, arguments.certificate, arguments.delay))
