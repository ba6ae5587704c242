"""A browser on the stage, and the way to a page in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from playwright.sync_api import Browser, Page, Playwright, ViewportSize

from payments.tests.browser_fixtures import launch
from payments.tests.places import Place
from payments.tests.stage import ORIGIN, Stage

PHONE: ViewportSize = {"width": 390, "height": 844}
SIZES: dict[str, ViewportSize] = {"phone": PHONE, "desktop": {"width": 1280, "height": 800}}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@contextmanager
def open_browser(playwright: Playwright, stage: Stage) -> Iterator[Browser]:
    """One that finds the stage by the name that its pages show."""
    browser = launch(playwright, f"--host-resolver-rules={stage.resolver_rules}")
    yield browser
    browser.close()


@contextmanager
def open_tab(browser: Browser, language: str = "en") -> Iterator[Page]:
    """For all places, one after the other: to open a new one takes longer than to look at a page."""
    context = browser.new_context(base_url=ORIGIN, locale=language, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def visit(tab: Page, stage: Stage, place: Place, language: str = "en") -> None:
    """As somebody who was nowhere before, on a phone."""
    tab.unroute_all()
    tab.context.clear_cookies()
    tab.context.add_cookies([{"name": name, "value": value, "url": ORIGIN} for name, value in cookies(stage, place)])
    tab.set_viewport_size(PHONE)
    tab.emulate_media(color_scheme="light")
    tab.goto(place.path.format(**facts_in(language, stage)))
    if place.problem:
        tab.set_content(stage.facts["problems"][place.problem][language])
    for step in place.steps:
        step(tab)
    tab.wait_for_load_state()


def cookies(stage: Stage, place: Place) -> Iterator[tuple[str, str]]:
    if place.cart:
        yield "cart", stage.facts[place.cart]
    if place.is_staffs:
        yield "sessionid", stage.facts["staff"]


def facts_in(language: str, stage: Stage) -> dict[str, Any]:
    """Some pages have an address for each language."""
    facts = {name: fact.get(language, fact) if isinstance(fact, dict) else fact for name, fact in stage.facts.items()}
    return facts | {"language": language}
