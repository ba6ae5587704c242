"""The shop speaks the visitor's language; what it stores, compares and logs is the same in every language."""

import json
import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import override

from payments import doctor, languages, money
from payments.errors import TooMany
from payments.gateway.keys import keypair_for
from payments.models import Dispute, Item, Order, Payment, Refund, Tax
from payments.tests.conftest import Pay

GERMAN = {"Accept-Language": "de"}
JSON = {"Accept": "application/json"}


def spoken(language: str) -> Client:
    return Client(headers={"Accept-Language": language})


def text_of(client: Client, address: str) -> str:
    return str(client.get(address).content.decode())


def test_a_german_buys_in_german(usd_mug: Item, eur_mug: Item, pay: Pay) -> None:
    Tax.objects.create(display_name="MwSt.", percentage=Decimal("8.875"), inclusive=True, automatic=True)
    client = spoken("de-DE,de;q=0.9,en;q=0.8")
    assert "19,00\xa0USD" in text_of(client, "/")
    for item in (usd_mug, eur_mug):
        client.post(f"/cart/add/{item.pk}")
    cart = text_of(client, "/cart")
    assert "Stoneware Mug ist in Ihrem Warenkorb." in cart
    assert "Ihr Warenkorb wird in 2 Zahlungen bezahlt, einer je Währung: USD, EUR." in cart
    assert "inkl. MwSt. 8,875\xa0%" in cart
    client.post("/cart/checkout", {"content": client.get("/cart", headers=JSON).json()["content"]})
    order = Order.objects.get(currency="EUR")
    page = f"/order/{order.uuid}"
    assert order.language == "de"
    assert "Zahlung ausstehend" in text_of(client, page)
    pay(client.post(f"{page}/checkout")["Location"])
    assert "Bezahlt" in text_of(client, page)
    assert "schon bezahlt" in client.post(f"{page}/checkout", headers=JSON).json()["error"]["message"]


@pytest.mark.parametrize(
    ("minutes", "words"), [(1, "через 1 минуту"), (3, "через 3 минуты"), (5, "через 5 минут"), (21, "через 21 минуту")]
)
def test_a_russian_reads_the_form_that_the_number_asks_for(minutes: int, words: str) -> None:
    with override("ru"):
        assert str(TooMany(minutes * 60)).endswith(f"{words}.")


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "There is no such item. Please choose another one."),
        ("de", "Diesen Artikel gibt es nicht. Bitte wählen Sie einen anderen."),
        ("ru", "Такого товара нет. Пожалуйста, выберите другой."),
    ],
)
@pytest.mark.usefixtures("db")
def test_a_program_is_told_in_its_language_and_by_the_same_code(language: str, message: str) -> None:
    answer = spoken(language).get("/buy/999", headers=JSON)
    assert answer.json() == {"error": {"code": "not_found", "message": message}}
    assert answer["Content-Language"] == language


def test_an_error_of_stripes_is_said_in_the_language_of_who_asks(usd_mug: Item, settings: Any) -> None:
    settings.STRIPE_PLACES = 0
    for language, word in (("de", "Zahlungsdienst"), ("ru", "Платёжный сервис"), ("en", "payment service")):
        error = spoken(language).get(f"/buy/{usd_mug.pk}", headers=JSON).json()["error"]
        assert error["code"] == "stripe_unreachable"
        assert word in error["message"]


@pytest.mark.parametrize(
    "accepted", ["tlh,xx;q=0.9", "*", "", "de;q=NaN", "x" * 6000, "../../de", "\xff", "de_DE.UTF-8", ";;,,"]
)
@pytest.mark.usefixtures("usd_mug")
def test_who_asks_for_a_language_that_nobody_speaks_is_answered_in_english(accepted: str) -> None:
    response = Client().get("/", headers={"Accept-Language": accepted})
    assert response.status_code == 200
    assert (response["Content-Language"], "USD\xa019.00" in response.content.decode()) == ("en", True)


@pytest.mark.parametrize("chosen", ["tlh", "", "../../de", "de\x00", "x" * 3000])
@pytest.mark.usefixtures("usd_mug")
def test_a_broken_choice_is_as_none(chosen: str, settings: Any) -> None:
    client = spoken("de")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = chosen
    response = client.get("/")
    assert (response.status_code, response["Content-Language"]) == (200, "de")


@pytest.mark.usefixtures("usd_mug")
def test_the_chosen_language_wins_over_what_the_browser_says(settings: Any) -> None:
    client = spoken("de-CH,de;q=0.9")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ru"
    response = client.get("/")
    assert response["Content-Language"] == "ru"
    assert "19,00\xa0USD" in response.content.decode()


@pytest.mark.parametrize(
    ("accepted", "price"),
    [
        ("de-CH,de;q=0.9", "USD\xa01’234’567.50"),
        ("de,de-CH;q=0.9", "1.234.567,50\xa0USD"),
        ("en-IN", "USD\xa012,34,567.50"),
        ("en-US,de-CH;q=0.9", "USD\xa01,234,567.50"),
        # The page is English, so that numbers in it are, too.
        ("fr-FR", "USD\xa01,234,567.50"),
    ],
)
def test_numbers_are_written_as_at_home(usd_mug: Item, accepted: str, price: str) -> None:
    Item.objects.update(price=Decimal("1234567.50"))
    assert price in text_of(spoken(accepted), "/")


def test_a_message_writes_amounts_as_the_page_does(usd_mug: Item) -> None:
    Item.objects.update(price=Decimal("1234.50"))
    answer = spoken("de-CH").post(f"/buy/{usd_mug.pk}", {"unit_amount": "1"})
    assert "Der Preis ist jetzt USD\xa01’234.50." in answer.content.decode()


def test_what_somebody_else_reads_has_numbers_of_its_own_language() -> None:
    with override("de"), languages.numbers_written_in("de-ch"):
        assert money.format_amount(123450, "USD") == "USD\xa01’234.50"
        with override("ru"):
            assert money.format_amount(123450, "USD") == "1\xa0234,50\xa0USD"
        with languages.written_in("de"):
            assert money.format_amount(123450, "USD") == "1.234,50\xa0USD"
    assert money.format_amount(123450, "USD") == "USD\xa01,234.50"


@pytest.mark.usefixtures("usd_mug")
@pytest.mark.parametrize("address", ["/", "/item/999", "/cart"])
def test_a_cache_knows_what_the_language_depends_on(address: str) -> None:
    varies = Client().get(address)["Vary"]
    assert "Accept-Language" in varies
    assert "Cookie" in varies


def test_a_moment_says_its_time_zone(settings: Any) -> None:
    moment = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    settings.TIME_ZONE = "Europe/Berlin"
    with override("de"):
        assert languages.format_moment(moment) == "1. Juli 2026 14:30\xa0CEST"
    with override("en"):
        assert languages.format_moment(moment) == "July 1, 2026, 2:30 p.m.\xa0CEST"


def test_who_switches_the_language_finds_the_same_order_at_the_same_price(client: Client, usd_mug: Item) -> None:
    Tax.objects.create(display_name="VAT", percentage=Decimal("8.875"), inclusive=False, automatic=True)
    client.get(f"/item/{usd_mug.pk}")
    bought = [
        client.post(f"/buy/{usd_mug.pk}", headers={**JSON, "Accept-Language": language}).json()
        for language in ("en", "de", "ru")
    ]
    assert bought[0] == bought[1] == bought[2]
    order, payment = Order.objects.get(), Payment.objects.get()
    assert payment.amount == order.price.total == 2069
    terms = set()
    for language in ("en", "de", "ru"):
        with override(language):
            terms.add(Order.objects.get().terms)
    assert terms == {payment.terms}


def test_who_switches_the_language_checks_out_what_was_shown(client: Client, usd_mug: Item, eur_mug: Item) -> None:
    Tax.objects.create(display_name="VAT", percentage=Decimal("8.875"), inclusive=False, automatic=True)
    for item in (usd_mug, eur_mug):
        client.post(f"/cart/add/{item.pk}")
    shown = client.get("/cart", headers={**JSON, "Accept-Language": "de"}).json()
    answer = client.post("/cart/checkout", {"content": shown["content"]}, headers={**JSON, "Accept-Language": "ru"})
    assert answer.status_code == 200
    again = client.post("/cart/checkout", {"content": shown["content"]}, headers=JSON)
    assert again.json()["orders"] == answer.json()["orders"]
    assert Order.objects.count() == 2


def test_an_order_has_the_same_terms_as_in_the_release_before(usd_mug: Item) -> None:
    """Both sell at once while one follows the other."""
    Tax.objects.create(display_name="VAT", percentage=Decimal("20"), inclusive=False, automatic=True)
    with override("de"):
        order = Order.objects.for_item(usd_mug, quantity=2, visitor="somebody")
        assert [tax.content for tax in order.taxes.all()] == [("VAT", "20\xa0%", False, "")]


def test_what_a_german_finds_out_is_noted_in_english_and_read_in_any_language(usd_mug: Item, pay: Pay) -> None:
    client = spoken("de")
    client.get(f"/item/{usd_mug.pk}")
    client.post(f"/buy/{usd_mug.pk}", headers=JSON)
    payment = Payment.objects.get()
    Payment.objects.update(status="created", checkout_session_id="", url="")
    client.post(f"/order/{payment.order.uuid}/cart")
    payment.refresh_from_db()
    assert payment.problem == "The order was changed."
    with override("ru"):
        assert payment.problem_in_words == "Заказ был изменён."
    payment.problem = ""
    with override("de"):
        assert payment.problem_in_words == ""


def test_the_log_is_english_whoever_reads_the_page(usd_mug: Item, pay: Pay, caplog: pytest.LogCaptureFixture) -> None:
    """The last one is sold to two: the second had paid before it was taken back."""
    Item.objects.update(stock=1)
    client = spoken("de")
    client.get(f"/item/{usd_mug.pk}")
    url = client.post(f"/buy/{usd_mug.pk}", headers=JSON).json()["url"]
    order = Order.objects.get()
    Order.objects.update(holds_stock=False)
    order.lines.update(held=0)
    Item.objects.update(stock=0)
    with caplog.at_level(logging.INFO):
        pay(url)
        client.get(f"/order/{order.uuid}/success?session_id={Payment.objects.get().checkout_session_id}")
        assert "ausverkauft" in client.get(f"/buy/{usd_mug.pk}", headers=JSON).json()["error"]["message"]
    assert f"Order {order.pk} is paid and cannot be delivered: too few are left of Stoneware Mug" in caplog.text
    assert not [line for line in caplog.messages if "Bestellung" in line or "Artikel" in line]


def test_the_doctor_speaks_the_readers_language_and_to_programs_always_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with override("de"):
        found = doctor.examine(keypair_for("USD"), "")
        assert ("Modus", "in Ordnung", "Test") in [(str(f.subject.label), str(f.state.label), f.says) for f in found]
    with override("en"):
        call_command("stripe_doctor", as_json=True)
    findings = json.loads(capsys.readouterr().out)[0]["findings"]
    assert {"subject": "mode", "state": "ok", "says": "test"} in findings


def test_every_field_is_called_by_its_name_in_the_readers_language() -> None:
    for model in apps.get_app_config("payments").get_models():
        assert isinstance(model._meta.verbose_name, Promise), model
        assert isinstance(model._meta.verbose_name_plural, Promise), model
        for field in model._meta.local_fields:
            assert field.name == "id" or isinstance(field.verbose_name, Promise), field


def test_a_thread_without_a_page_speaks_the_shops_own_language() -> None:
    with override(None):
        assert languages.language_of_texts() == "en"
        assert money.format_percent(Decimal("8.8750")) == "8.875%"
    assert translation.get_language() == "en"


@pytest.mark.parametrize("language", ["de", "ru"])
def test_staff_reads_every_page_of_the_admin_in_its_language(
    admin_client: Client, usd_mug: Item, language: str
) -> None:
    order = Order.objects.for_item(usd_mug, quantity=2, visitor="somebody")
    for model in admin.site._registry:
        if model._meta.app_label == "payments":
            page = admin_client.get(
                reverse(f"admin:payments_{model._meta.model_name}_changelist"), headers={"Accept-Language": language}
            )
            assert page.status_code == 200
    changed = admin_client.get(f"/admin/payments/order/{order.pk}/change/", headers={"Accept-Language": language})
    assert {"de": f"Bestellung {order.pk}", "ru": f"Заказ {order.pk}"}[language] in changed.content.decode()


def test_what_djangos_german_does_not_know_is_german_as_well(admin_client: Client) -> None:
    page = admin_client.get("/admin/auth/user/add/", headers=GERMAN).content.decode()
    assert "Anmeldung mit Passwort" in page
    assert "Password-based" not in page
    scripts = admin_client.get("/admin/jsi18n/", headers=GERMAN).content.decode()
    for of_ours_and_djangos in ("Alle %s auswählen", "Verfügbare %s"):
        assert json.dumps(of_ours_and_djangos) in scripts


@pytest.mark.parametrize(("language", "label"), [("en", "Price:"), ("de", "Preis:"), ("ru", "Цена:")])
def test_staff_prices_an_item_in_its_language(admin_client: Client, usd_mug: Item, language: str, label: str) -> None:
    page = admin_client.get(f"/admin/payments/item/{usd_mug.pk}/change/", headers={"Accept-Language": language})
    assert label in page.content.decode()


def test_staff_reads_in_its_language_what_a_price_and_a_sum_of_money_are_called(
    admin_client: Client, usd_mug: Item
) -> None:
    pages = [f"/admin/payments/item/{usd_mug.pk}/change/", "/admin/payments/refund/", "/admin/payments/dispute/"]
    for path, english in zip(pages, ["Price:", "Shown amount", "Shown amount"], strict=True):
        assert english not in admin_client.get(path, headers={"Accept-Language": "ru"}).content.decode()
    with override("ru"):
        for model in (Refund, Dispute):
            assert str(label_for_field("shown_amount", model)) == "сумма"
