"""Behind pgbouncer in transaction mode, where each transaction may meet another connection, the shop does the same."""

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from payments.tests.shop_process import Shop, free_port, new_database, running_shop, sandbox_keypair

pytestmark = pytest.mark.processes
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
SETTINGS = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: Any) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("shop")
    with new_database(folder) as url:
        if not url.startswith("postgres") or PGBOUNCER is None:
            pytest.skip("needs PostgreSQL and pgbouncer")
        with pgbouncer(folder, url) as through, running_shop(folder, DATABASE_URL=through, **environment()) as shop:
            yield shop


@contextmanager
def pgbouncer(folder: Path, url: str) -> Iterator[str]:
    """Before the database at `url`: the address to connect to instead."""
    server, own_port = urlsplit(url), free_port()
    file = folder / "pgbouncer.ini"
    file.write_text(SETTINGS.format(host=server.hostname, port=server.port, user=server.username, own_port=own_port))
    # It refuses to be root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([str(PGBOUNCER), *user, str(file)], stderr=subprocess.DEVNULL)
    try:
        yield server._replace(netloc=f"{server.username}@127.0.0.1:{own_port}").geturl()
    finally:
        process.terminate()
        process.wait(timeout=20)


def environment() -> dict[str, str]:
    return {"WEB_CONCURRENCY": "2", "WEB_THREADS": "8", **sandbox_keypair("USD"), **sandbox_keypair("EUR")}


def signed_in(shop: Shop) -> dict[str, str]:
    """The cookies of the administrator."""
    browser = requests.Session()
    page = browser.get(f"{shop.url}/admin/login/").text
    token = re.findall('name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    form = {"csrfmiddlewaretoken": token, "username": "admin", "password": "admin-password", "next": "/admin/"}
    browser.post(f"{shop.url}/admin/login/", data=form, headers={"Referer": shop.url}).raise_for_status()
    return browser.cookies.get_dict()


def test_shoppers_buy_and_staff_opens_long_forms_at_once(shop: Shop) -> None:
    cookies = signed_in(shop)

    def ask(turn: int) -> tuple[str, int]:
        if turn % 4 == 0:
            path, visitor = "/buy/1", {}
        else:
            path = ["/admin/auth/user/1/change/", "/admin/payments/order/add/", "/admin/payments/order/"][turn % 4 - 1]
            visitor = cookies
        return path, requests.get(shop.url + path, cookies=visitor, headers={"Accept": "*/*"}, timeout=60).status_code

    with ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(ask, range(200)))
    assert {status for _, status in answers} == {200}, answers
    assert shop.rows("SELECT count(*) FROM payments_payment WHERE status = 'open'") == [(50,)]
