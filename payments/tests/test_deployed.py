"""The shop under its real server: what a request can do before Django sees it."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from payments.tests.shop_process import Shop, running_shop, sandbox_keypair

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def shop(tmp_path_factory: Any) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("shop")
    with running_shop(folder, **sandbox_keypair("USD"), **sandbox_keypair("EUR")) as shop:
        yield shop


@pytest.mark.parametrize(
    "content_type",
    ["x; charset*=foo''%41", "text/html; charset=hex", "text/html; charset=undefined", "x; charset=utf-16"],
)
@pytest.mark.parametrize("path", ["/", "/item/1", "/buy/1", "/webhooks/stripe", "/healthz"])
def test_a_content_type_that_cannot_be_read_is_400(shop: Shop, path: str, content_type: str) -> None:
    response = requests.post(f"{shop.url}{path}", "a=b", headers={"Content-Type": content_type}, timeout=10)
    assert response.status_code == 400
    assert "send text as utf-8" in response.text


def test_a_file_is_refused_before_it_is_kept(shop: Shop) -> None:
    for path in ("/buy/1", "/cart/add/1", "/admin/login/", "/none"):
        answer = requests.post(f"{shop.url}{path}", files={"file": b"x" * 2_000_000}, timeout=10)
        assert answer.status_code == 413
        assert "at most 1024 kB" in answer.text


def test_a_browser_keeps_scripts_and_styles_for_ever_and_gets_them_small(shop: Shop) -> None:
    page = requests.get(f"{shop.url}/", timeout=10).text
    addresses = re.findall(r'/static/shop/[^"]+\.(?:css|js)', page)
    assert len(addresses) == 2
    for address in addresses:
        for encoding in ("br", "gzip"):
            answer = requests.head(f"{shop.url}{address}", headers={"Accept-Encoding": encoding}, timeout=10)
            assert answer.headers["Content-Encoding"] == encoding
            assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"


def test_a_cookie_with_a_nul_is_400(shop: Shop) -> None:
    headers = {"Cookie": r'sessionid="abcdefgh\000"'}
    assert requests.get(f"{shop.url}/admin/login/", headers=headers, timeout=10).status_code == 400


def test_an_accept_header_that_cannot_be_read_is_as_none(shop: Shop) -> None:
    headers = {"Accept": "text/html; a*=foo''%41"}
    chosen = requests.post(f"{shop.url}/language", {"language": "de"}, headers=headers, timeout=10)
    assert chosen.status_code == 200
    assert requests.get(f"{shop.url}/item/1", headers=headers, timeout=10).status_code == 200
    posted = requests.post(f"{shop.url}/buy/1", {"quantity": "1"}, headers=headers, allow_redirects=False, timeout=10)
    assert posted.status_code == 303


def test_nobody_can_pretend_to_come_by_https_without_a_proxy(shop: Shop) -> None:
    for header in ("X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Forwarded-Ssl"):
        answer = requests.get(f"{shop.url}/buy/1", headers={header: "https"}, timeout=10).json()
        assert answer["url"].startswith("http://")


def test_an_unknown_host_is_400_and_a_probe_of_the_address_is_answered(shop: Shop) -> None:
    headers = {"Host": "evil.example"}
    assert requests.get(f"{shop.url}/buy/1", headers=headers, timeout=10).status_code == 400
    assert requests.get(f"{shop.url}/readyz", headers=headers, timeout=10).text == "ok\n"


def test_nobody_says_by_a_header_where_the_shop_is_mounted(shop: Shop) -> None:
    for header in ("SCRIPT_NAME", "Script-Name", "PATH_INFO"):
        response = requests.get(f"{shop.url}/item/1", headers={header: "/x"}, timeout=10)
        assert response.status_code == 200
        assert 'action="/buy/1"' in response.text


def test_the_counters_of_all_workers_are_read_together_and_their_files_go_with_them(tmp_path: Path) -> None:
    folder = tmp_path / "counters"
    folder.mkdir()
    environment = {"METRICS_TOKEN": "scraper", "WEB_CONCURRENCY": "3", "WEB_THREADS": "1", "TMPDIR": str(folder)}
    with running_shop(tmp_path, **environment, **sandbox_keypair("USD"), **sandbox_keypair("EUR")) as shop:
        with ThreadPoolExecutor(12) as visitors:
            list(visitors.map(lambda number: requests.get(f"{shop.url}/buy/{number % 12 + 1}", timeout=30), range(24)))
        for _ in range(6):
            assert counted(shop, "shop_buys_total") == 24
        assert len({path.name for path in folder.glob("storefront-metrics-*/counter_*.db")}) > 1
    assert list(folder.glob("storefront-metrics-*")) == []


def counted(shop: Shop, name: str) -> float:
    text = requests.get(f"{shop.url}/metrics", headers={"Authorization": "Bearer scraper"}, timeout=10).text
    return sum(float(value) for value in re.findall(rf"^{name}{{.*}} ([0-9.]+)$", text, re.MULTILINE))
