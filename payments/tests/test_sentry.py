"""With a SENTRY_DSN the operator's Sentry learns of errors, and nothing about anybody."""

import gzip
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import brotli

from storefront.sentry import scrubbed

ROOT = Path(__file__).resolve().parents[2]
DECOMPRESSED = {"br": brotli.decompress, "gzip": gzip.decompress}
UUID = "a3bb189e-8bf9-3888-9912-ace4e6543002"
RAISE_IN_A_REQUEST = f"""
import django, logging
django.setup()
from django.test import Client
from django.urls import path
from storefront import urls
def broken(request):
    visitor = "somebody"
    logging.getLogger("payments").error("Refused: sk_test_sandbox_usd for /order/{UUID}")
    raise ValueError("whsec_sandbox_usd")
urls.urlpatterns.append(path("broken", broken))
client = Client(raise_request_exception=False)
client.cookies["visitor"] = "cookie-of-somebody"
sent = {{"email": "shopper@example.com"}}
client.post("/broken?client_secret=pi_1_secret_2", sent, headers={{"Referer": "/order/{UUID}"}})
import sentry_sdk
sentry_sdk.flush(10)
"""


def test_an_error_is_reported_without_a_secret_or_anything_personal() -> None:
    received: list[str] = []

    class Sentry(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(DECOMPRESSED[self.headers["Content-Encoding"]](body).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """The test reads `received`."""

    with HTTPServer(("127.0.0.1", 0), Sentry) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        run({"SENTRY_DSN": f"http://public@127.0.0.1:{server.server_port}/1"}, "-c", RAISE_IN_A_REQUEST)
        server.shutdown()
    told = "\n".join(received)
    assert "ValueError" in told
    assert "/broken" in told
    assert '"request_id"' in told
    hidden = ["sk_test_sandbox", "whsec_sandbox", "secret_2", UUID, "shopper@example.com", "somebody"]
    assert [secret for secret in hidden if secret in told] == []


def test_a_dsn_that_cannot_be_read_is_refused_by_name_and_not_repeated() -> None:
    refused = run({"SENTRY_DSN": "https://hunter2"}, "manage.py", "check")
    assert refused.returncode == 1
    assert "SENTRY_DSN cannot be read" in refused.stderr
    assert "hunter2" not in refused.stderr


def test_a_dsn_without_the_package_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sentry_sdk.py").write_text("raise ImportError")
    refused = run({"SENTRY_DSN": "https://public@sentry.example/1", "PYTHONPATH": str(tmp_path)}, "manage.py", "check")
    assert refused.returncode == 1
    assert "pip install -r requirements-sentry.txt" in refused.stderr


def test_of_a_request_the_page_is_kept_and_nothing_else() -> None:
    request = {"url": f"https://shop.example/order/{UUID}", "method": "POST", "cookies": {"visitor": "x"}, "data": "x"}
    event = scrubbed(
        {"request": request, "user": {"ip_address": "192.0.2.1"}, "extra": {"n": 1, "k": ["sk_live_1"]}}, {}
    )
    assert event["request"] == {"url": "https://shop.example/order/[hidden]", "method": "POST"}
    assert "user" not in event
    assert event["extra"] == {"n": 1, "k": ["[hidden]"]}


def run(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    needed = {"DJANGO_SETTINGS_MODULE": "payments.tests.settings", "PATH": os.environ["PATH"], **environment}
    if arguments[0] == "manage.py":
        needed |= {"DJANGO_SETTINGS_MODULE": "storefront.settings", "SECRET_KEY": "x" * 50, "ENV_FILE": "no.env"}
    return subprocess.run(
        [sys.executable, *arguments], env=needed, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
