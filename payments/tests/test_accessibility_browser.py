"""In a real browser: every page can be used by everyone, whatever they see with, and however they move."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from payments.tests.pages import PLACES
from payments.tests.shop_process import ROOT
from payments.tests.stage import Stage, running_stage
from payments.tests.visits import SIZES, open_browser, open_tab, visit

pytestmark = pytest.mark.browser
AXE = ROOT / ".ci/node_modules/axe-core/axe.min.js"
# WCAG 2.2 on levels A and AA holds what 2.0 and 2.1 asked for.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
# In the dark a page is what it is in the light, in other colors.
COLORS: dict[str, Any] = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}
# More is said of a page than anybody asks for, and it takes as long to come over as to be found.
RUN = "options => axe.run(document, options).then((result) => result.violations)"
MOVING = """
() => [...document.querySelectorAll("*")].filter((element) => {
  const style = getComputedStyle(element);
  const lasts = (durations) => durations.split(",").some((duration) => parseFloat(duration) > 0.001);
  return lasts(style.transitionDuration) || (style.animationName !== "none" && lasts(style.animationDuration));
}).map((element) => element.outerHTML.slice(0, 120))
"""
# After the last change of size the page's scripts have had their say.
WIDTH = "() => new Promise((tell) => requestAnimationFrame(() => tell(document.scrollingElement.scrollWidth)))"
OUTSIDE = """
() => [...document.querySelectorAll("main td, main th")]
  .filter((cell) => cell.checkVisibility() && cell.getBoundingClientRect().right > innerWidth)
  .map((cell) => cell.textContent.trim())
"""
CUT_OFF = """
() => [...document.querySelectorAll("main td input")]
  .filter((field) => field.checkVisibility() && field.scrollWidth > field.clientWidth)
  .map((field) => `${field.name}: ${field.value}`)
"""
AMOUNT_ALONE = re.compile(r"(?<![A-Z]{3}[\xa0 ])(?<![\d,])[\d,]+\.\d\d\b")
A_FIELD = re.compile(r"- (textbox|spinbutton).*")


@dataclass(frozen=True)
class Seen:
    """All that is wrong with a page, found in one visit."""

    by_axe: list[str]
    wider_than: list[int]
    outside: list[str]
    cut_off: list[str]
    moving: list[str]
    amounts_alone: list[str]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: Any) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("stage")
    with running_stage(folder) as stage:
        yield stage


@pytest.fixture(scope="module")
def tab(stage: Stage) -> Iterator[Page]:
    assert AXE.is_file(), "axe-core is not installed: run npm ci --prefix .ci"
    with sync_playwright() as playwright, open_browser(playwright, stage) as browser, open_tab(browser) as tab:
        tab.add_init_script(path=AXE)
        yield tab


@pytest.fixture(scope="module", params=PLACES.values(), ids=list(PLACES))
def seen(request: Any, tab: Page, stage: Stage) -> Seen:
    visit(tab, stage, request.param)
    return Seen(
        wider_than=[width for width in (320, 640) if is_wider_than(tab, width)],
        outside=outside_on_a_phone(tab),
        cut_off=cut_off_on_a_small_phone(tab),
        moving=tab.evaluate(MOVING),
        amounts_alone=amounts_alone(tab),
        by_axe=list(found_by_axe(tab)),
    )


def is_wider_than(page: Page, width: int) -> bool:
    page.set_viewport_size({"width": width, "height": 800})
    return bool(page.evaluate(WIDTH) > width)


def outside_on_a_phone(page: Page) -> list[str]:
    """A table may scroll in its own place, which the page's width does not show."""
    page.set_viewport_size(SIZES["phone"])
    page.evaluate(WIDTH)
    return list(page.evaluate(OUTSIDE))


def cut_off_on_a_small_phone(page: Page) -> list[str]:
    """A price of which the last digit is hidden is another price."""
    page.set_viewport_size({"width": 320, "height": 800})
    page.evaluate(WIDTH)
    return list(page.evaluate(CUT_OFF))


def amounts_alone(page: Page) -> list[str]:
    """Read aloud without a currency. A field holds a number, and another one or its label the currency."""
    if "/admin/" in page.url:
        return []
    return AMOUNT_ALONE.findall(A_FIELD.sub("", page.locator("body").aria_snapshot()))


def found_by_axe(page: Page) -> Iterator[str]:
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme="light")
        yield from (f"{size}: {mistake}" for mistake in mistakes(page, EVERYTHING))
        page.emulate_media(color_scheme="dark")
        yield from (f"{size}, dark: {mistake}" for mistake in mistakes(page, COLORS))


def mistakes(page: Page, options: dict[str, Any]) -> list[str]:
    """With the rule, and where it is broken; in the frames of the page as well."""
    return [
        f"{rule['id']} ({rule['help']}): {node['target']} {node['html'][:160]} {node['failureSummary']}"
        for rule in page.evaluate(RUN, options)
        for node in rule["nodes"]
        if not is_no_mistake(rule["id"], node, page)
    ]


def is_no_mistake(rule: str, node: dict[str, Any], page: Page) -> bool:
    if rule == "empty-table-header":
        # Django's own: above the names of the rows of an inline table, and above their buttons.
        return node["html"] in ('<th class="original"></th>', "<th></th>")
    if rule in ("landmark-one-main", "region"):
        # A mail is shown within a page, whose landmarks these are.
        return "/sandbox/emails/" in page.url
    if rule == "target-size" and page.locator(".select2-dropdown").count():
        # A list that is open covers what lies below it, until it is closed.
        return "partially obscured" in node["failureSummary"]
    # A frame without a background of its own shows the page behind it, which axe takes for white.
    return rule == "color-contrast" and len(node["target"]) > 1


def test_axe_finds_nothing_on_a_phone_and_a_desktop_in_light_and_in_dark(seen: Seen) -> None:
    assert seen.by_axe == [], "\n".join(seen.by_axe)


def test_no_page_scrolls_sideways_on_a_small_phone_or_at_twice_its_size(seen: Seen) -> None:
    assert seen.wider_than == []


def test_whatever_a_table_tells_is_seen_on_a_phone(seen: Seen) -> None:
    assert seen.outside == []


def test_whatever_stands_in_a_field_of_a_table_is_seen_whole_on_a_small_phone(seen: Seen) -> None:
    assert seen.cut_off == []


def test_nothing_moves_for_who_asked_for_that(seen: Seen) -> None:
    assert seen.moving == []


def test_every_amount_is_read_aloud_with_its_currency(seen: Seen) -> None:
    assert seen.amounts_alone == []
