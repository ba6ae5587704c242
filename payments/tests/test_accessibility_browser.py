"""In a real browser: every page can be used by everyone, whatever they see with, and however they move."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from payments.tests.pages import PLACES
from payments.tests.pages_for_shoppers import SHOP, STAND_IN
from payments.tests.pages_for_staff import ADMIN
from payments.tests.places import Place
from payments.tests.shop_process import ROOT
from payments.tests.stage import Stage, running_stage
from payments.tests.visits import SCHEMES, SIZES, open_browser, visit

pytestmark = pytest.mark.browser
AXE = ROOT / ".ci/node_modules/axe-core/axe.min.js"
# WCAG 2.2 on levels A and AA holds what 2.0 and 2.1 asked for.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
every_place = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
shoppers_places = pytest.mark.parametrize(
    "place", [place for place in SHOP + STAND_IN if not place.is_staffs], ids=lambda place: place.name
)


staffs_places = pytest.mark.parametrize("place", ADMIN, ids=lambda place: place.name)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: Any) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("stage")
    with running_stage(folder) as stage:
        yield stage


@pytest.fixture(scope="module")
def browser(stage: Stage) -> Iterator[Browser]:
    with sync_playwright() as playwright, open_browser(playwright, stage) as browser:
        yield browser


@pytest.fixture(scope="module")
def axe() -> str:
    assert AXE.is_file(), "axe-core is not installed: run npm ci --prefix .ci"
    return AXE.read_text()


@every_place
def test_axe_finds_nothing_on_a_phone_and_a_desktop_in_light_and_in_dark(
    browser: Browser, stage: Stage, axe: str, place: Place
) -> None:
    found: list[str] = []
    with visit(browser, stage, place, reduced_motion="reduce") as page:
        for frame in page.frames:
            frame.evaluate(axe)
        for (size, viewport), scheme in product(SIZES.items(), SCHEMES):
            page.set_viewport_size(viewport)
            page.emulate_media(color_scheme=scheme)
            found += [f"{size}, {scheme}: {violation}" for violation in violations(page)]
    assert found == [], "\n".join(found)


def violations(page: Page) -> list[str]:
    """With the rule, and where it is broken; in the frames of the page as well."""
    result = page.evaluate("options => axe.run(document, options)", OPTIONS)
    return [
        f"{rule['id']} ({rule['help']}): {node['target']} {node['html'][:160]} {node['failureSummary']}"
        for rule in result["violations"]
        for node in rule["nodes"]
        if not is_no_mistake(rule["id"], node, page.url)
    ]


def is_no_mistake(rule: str, node: dict[str, Any], address: str) -> bool:
    if "/sandbox/emails/" in address and rule in ("landmark-one-main", "region"):
        # A mail is shown within a page, whose landmarks these are.
        return True
    if rule == "empty-table-header":
        # Django's own: above the names of the rows of an inline table, and above their buttons.
        return node["html"] in ('<th class="original"></th>', "<th></th>")
    # A frame without a background of its own shows the page behind it, which axe takes for white.
    return rule == "color-contrast" and len(node["target"]) > 1


@every_place
def test_no_page_scrolls_sideways_on_a_small_phone_or_at_twice_its_size(
    browser: Browser, stage: Stage, place: Place
) -> None:
    with visit(browser, stage, place) as page:
        for width in (320, 640):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width


@staffs_places
def test_whatever_a_list_tells_is_seen_on_a_phone(browser: Browser, stage: Stage, place: Place) -> None:
    """A table may scroll in its own place, which the page does not show."""
    with visit(browser, stage, place, viewport=SIZES["phone"]) as page:
        assert page.evaluate(OUTSIDE) == []


OUTSIDE = """
() => [...document.querySelectorAll("main td, main th")]
  .filter((cell) => cell.checkVisibility() && cell.getBoundingClientRect().right > innerWidth)
  .map((cell) => cell.textContent.trim())
"""
MOVING = """
() => [...document.querySelectorAll("*")].filter((element) => {
  const style = getComputedStyle(element);
  const lasts = (durations) => durations.split(",").some((duration) => parseFloat(duration) > 0.001);
  return lasts(style.transitionDuration) || (style.animationName !== "none" && lasts(style.animationDuration));
}).map((element) => element.outerHTML.slice(0, 120))
"""


@every_place
def test_nothing_moves_for_who_asked_for_that(browser: Browser, stage: Stage, place: Place) -> None:
    with visit(browser, stage, place, reduced_motion="reduce") as page:
        assert page.evaluate(MOVING) == []


@shoppers_places
def test_every_amount_is_read_aloud_with_its_currency(browser: Browser, stage: Stage, place: Place) -> None:
    with visit(browser, stage, place) as page:
        spoken = page.locator("body").aria_snapshot()
    assert re.findall(r"(?<![A-Z]{3}[\xa0 ])\b[\d,]+\.\d\d\b", spoken) == []
