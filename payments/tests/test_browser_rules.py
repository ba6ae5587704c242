"""What the shop tells browsers to refuse, and what nobody may keep a copy of."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from payments.models import Item, Order

PUBLIC = ["/", "/item/1", "/cart", "/item/999", "/admin/login/"]


@pytest.fixture
def by_https(settings: Any) -> Client:
    """The shop as it is deployed, behind a proxy that speaks https."""
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    return Client(headers={"X-Forwarded-Proto": "https"})


@pytest.mark.parametrize("path", PUBLIC)
def test_every_page_comes_with_the_rules(by_https: Client, usd_mug: Item, path: str) -> None:
    answered = by_https.get(path).headers
    assert answered["Strict-Transport-Security"] == "max-age=31536000"
    assert answered["X-Frame-Options"] == "DENY"
    assert answered["X-Content-Type-Options"] == "nosniff"
    assert answered["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answered["Referrer-Policy"] == "same-origin"
    assert "unsafe" not in answered["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answered["Content-Security-Policy"]


def test_the_policy_names_no_origin_but_stripes(client: Client, db: None) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    named = {word for word in policy.replace(";", " ").split() if word.startswith("http")}
    assert {urlsplit(origin).hostname for origin in named - {"https:"}} == {
        *("js.stripe.com", "*.js.stripe.com", "hooks.stripe.com", "api.stripe.com", "checkout.stripe.com"),
    }
    assert "report" not in policy


def test_a_page_by_the_link_of_an_order_tells_nobody_where_it_was(client: Client, usd_mug: Item) -> None:
    client.get(f"/buy/{usd_mug.pk}")
    order = Order.objects.get()
    for page in ("", "/success", "/cancel", "/pay"):
        answered = client.get(f"/order/{order.uuid}{page}").headers
        assert answered["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answered["Cache-Control"]


def test_every_cookie_is_for_https_alone_and_out_of_reach_of_scripts(
    by_https: Client, usd_mug: Item, admin_user: Any
) -> None:
    by_https.post(f"/cart/add/{usd_mug.pk}")
    by_https.get(f"/item/{usd_mug.pk}")
    by_https.post("/admin/login/", {"username": "admin", "password": "password"})
    assert {"cart", "visitor", "sessionid"} <= set(by_https.cookies)
    kept = {name: cookie for name, cookie in by_https.cookies.items() if cookie.value}
    for name, cookie in kept.items():
        assert cookie["secure"], name
        assert cookie["samesite"] == "Lax", name
        # The admin's own forms carry what this one says.
        assert cookie["httponly"] or name == "csrftoken", name


def test_what_needs_signing_in_is_kept_by_nobody(admin_client: Client, usd_mug: Item) -> None:
    admin_client.get(f"/buy/{usd_mug.pk}")
    order = Order.objects.get()
    staff = [f"/order/{order.pk}", f"/item/by_order/{usd_mug.pk}"]
    for path in ["/admin/", "/admin/login/", "/admin/payments/order/", *staff]:
        answered = admin_client.get(path)
        assert answered.status_code in (200, 302)
        assert "no-store" in answered.headers["Cache-Control"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "https:evil.example",
        "http://testserver@evil.example/",
        "javascript:x",
    ],
)
def test_nobody_is_sent_to_another_site(client: Client, usd_mug: Item, admin_user: Any, elsewhere: str) -> None:
    posted = client.post(f"/cart/add/{usd_mug.pk}", headers={"Referer": elsewhere})
    assert posted["Location"] == "/cart"
    login = {"username": "admin", "password": "password", "next": elsewhere}
    assert client.post("/admin/login/", login)["Location"].startswith("/")


def test_a_host_that_is_not_the_shops_is_refused_and_not_written_into_any_link(client: Client, usd_mug: Item) -> None:
    for headers in ({"Host": "evil.example"}, {"Host": "testserver:80@evil.example"}):
        assert client.get(f"/buy/{usd_mug.pk}", headers=headers).status_code == 400
    answer = client.get(f"/buy/{usd_mug.pk}", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in answer.content.decode()


def test_a_form_that_is_out_of_date_is_refused_on_a_page_that_keeps_the_rules(db: None) -> None:
    refused = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "admin", "password": "password"})
    page = refused.content.decode()
    assert refused.status_code == 403
    assert "Nothing was changed" in page
    assert "<style" not in page
    assert "<script" not in page


def test_a_form_of_an_order_is_ours_though_the_page_keeps_its_address_to_itself(client: Client, usd_mug: Item) -> None:
    """Over plain HTTP a browser says no more than that; over HTTPS it also says which site the form is of."""
    client.get(f"/buy/{usd_mug.pk}")
    order = Order.objects.get()
    assert client.post(f"/order/{order.uuid}/cart", headers={"Origin": "null"})["Location"] == "/cart"
