"""A visitor chooses the language of the pages, and stays on the page."""

from typing import Any

import pytest
from django.test import Client

from payments.models import Item


@pytest.fixture
def languages(settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ar", "العربيّة")]


def choose(client: Client, language: str, page: str = "/cart", **headers: str) -> Any:
    return client.post("/language", {"language": language, "next": page}, headers=headers)


def test_a_shop_of_one_language_has_no_switch(client: Client, usd_mug: Item, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English")]
    assert "/language" not in client.get("/").content.decode()


@pytest.mark.usefixtures("languages")
def test_each_language_is_a_button_in_its_own_words_and_leads_back_to_the_page(client: Client, usd_mug: Item) -> None:
    page = client.get("/?currency=USD").content.decode()
    assert '<input type="hidden" name="next" value="/?currency=USD">' in page
    assert 'value="en" lang="en" aria-current="true">English</button>' in page
    assert 'value="de" lang="de">Deutsch</button>' in page


@pytest.mark.usefixtures("languages")
def test_the_chosen_language_stays_and_wins_over_the_browsers(client: Client, usd_mug: Item) -> None:
    chosen = choose(client, "de", "/?currency=USD")
    assert (chosen.status_code, chosen["Location"]) == (302, "/?currency=USD")
    cookie = chosen.cookies["django_language"]
    assert (cookie["samesite"], cookie["httponly"], cookie["max-age"]) == ("Lax", True, 365 * 24 * 3600)
    page = client.get("/", headers={"Accept-Language": "en"}).content.decode()
    assert '<html lang="de">' in page


@pytest.mark.usefixtures("languages")
def test_a_language_from_right_to_left_is_shown_so(client: Client, usd_mug: Item) -> None:
    choose(client, "ar")
    assert '<html lang="ar" dir="rtl">' in client.get("/").content.decode()


@pytest.mark.usefixtures("languages")
@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"])
def test_nobody_is_led_out_of_the_shop(client: Client, page: str) -> None:
    assert choose(client, "de", page)["Location"] == "/"


@pytest.mark.usefixtures("languages")
def test_a_language_that_there_is_not_changes_nothing(client: Client, db: None) -> None:
    assert not choose(client, "xx").cookies
    assert not choose(client, "<script>").cookies


@pytest.mark.usefixtures("languages")
def test_another_site_cannot_choose(client: Client, db: None) -> None:
    answer = choose(client, "de", **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert not answer.cookies


@pytest.mark.usefixtures("languages")
def test_who_chooses_on_the_page_of_a_problem_is_led_to_the_page_before_it(client: Client, usd_mug: Item) -> None:
    page = client.post(f"/buy/{usd_mug.pk}", {"quantity": "0"}).content.decode()
    assert f'<input type="hidden" name="next" value="/item/{usd_mug.pk}">' in page


@pytest.mark.usefixtures("languages")
def test_it_works_for_who_sends_no_token(usd_mug: Item) -> None:
    assert choose(Client(enforce_csrf_checks=True), "de").status_code == 302


def test_a_language_is_chosen_by_a_button_alone(client: Client, db: None) -> None:
    assert client.get("/language").status_code == 405
