"""Pages that are only seen when something is wrong: the shop is broken here, in this process, and nowhere else."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, override_settings

from payments.gateway import client as gateway_client
from payments.models import Item
from payments.tests.stage import HOST


def problems() -> dict[str, dict[str, str]]:
    """What a browser is answered, by language."""
    return {name: {code: page_of(name, code) for code, _ in settings.LANGUAGES} for name in PROBLEMS}


def page_of(name: str, language: str) -> str:
    answer = PROBLEMS[name](visitor(**{"Accept-Language": language}))
    if str(answer.status_code) != name[:3]:
        raise AssertionError(f"{name} was answered with {answer.status_code}.")
    return str(answer.content.decode())


def visitor(**headers: str) -> Client:
    # Shown what a browser is shown, where a test would be told of the exception.
    return Client(SERVER_NAME=HOST, raise_request_exception=False, headers={"Accept": "text/html", **headers})


def any_item() -> Item:
    item: Item = Item.objects.filter(on_sale=True, stock=None).latest("pk")
    return item


def not_readable(client: Client) -> Any:
    return client.post("/cart/code", {f"field{number}": "" for number in range(1001)})


def not_allowed(client: Client) -> Any:
    clerk, _ = User.objects.get_or_create(username="clerk", is_staff=True)
    client.force_login(clerk)
    return client.get("/admin/payments/order/")


def out_of_date(client: Client) -> Any:
    client.handler.enforce_csrf_checks = True
    return client.post("/admin/login/", {})


def not_a_page(client: Client) -> Any:
    return client.get("/cart/code")


def changed_meanwhile(client: Client) -> Any:
    item = any_item()
    return client.post(f"/buy/{item.pk}", {"unit_amount": "1", "currency": item.currency})


def too_often(client: Client) -> Any:
    with override_settings(LIMITS=settings.LIMITS | {"buys": (1, 0)}):
        # By the first answer the visitor is known, and the second is the only one allowed.
        for _ in range(3):
            answer = client.post(f"/buy/{any_item().pk}", {"quantity": "0"})
    return answer


def our_mistake(client: Client) -> Any:
    with override_settings(STRIPE_KEYPAIRS=None):
        return client.get("/")


def stripe_offline(client: Client) -> Any:
    forget_connections()
    with override_settings(STRIPE_API_BASE="http://127.0.0.1:9", STRIPE_HTTP_CLIENT=""):
        answer = client.post(f"/buy/{any_item().pk}", {"quantity": "7"})
    forget_connections()
    return answer


def forget_connections() -> None:
    gateway_client.shared_http_client.cache_clear()
    gateway_client.client_of_keys.cache_clear()


PROBLEMS = {
    "400": not_readable,
    "403": not_allowed,
    "403-form": out_of_date,
    "405": not_a_page,
    "409": changed_meanwhile,
    "429": too_often,
    "500": our_mistake,
    "503": stripe_offline,
}
