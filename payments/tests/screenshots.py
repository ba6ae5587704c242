"""`make screenshots`: every page as it looks, on a phone and a desktop, in light and dark, in each language."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from fnmatch import fnmatch
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from payments.tests.contact_sheets import for_docs, sheet
from payments.tests.pages import PLACES
from payments.tests.places import Place
from payments.tests.shop_process import ROOT
from payments.tests.stage import Stage, running_stage
from payments.tests.visits import SCHEMES, SIZES, Scheme, open_browser, open_tab, visit

FOLDER = ROOT / "screenshots"
# Pictures far below are loaded only when somebody scrolls there.
EAGER = """
() => {
  const pictures = [...document.images];
  pictures.forEach((picture) => { picture.loading = "eager"; });
  return Promise.all([document.fonts.ready, ...pictures.map((picture) => picture.decode().catch(() => {}))]);
}
"""


def main() -> None:
    chosen = arguments()
    places = [place for place in PLACES.values() if any(fnmatch(place.name, wanted) for wanted in chosen.pages)]
    if not places:
        sys.exit(f"No page is called so. There are: {', '.join(PLACES)}.")
    with tempfile.TemporaryDirectory() as folder, running_stage(Path(folder)) as stage, sync_playwright() as playwright:
        languages = chosen.languages or stage.facts["languages"]
        with open_browser(playwright, stage) as browser, ExitStack() as tabs:
            cameras = {language: tabs.enter_context(open_tab(browser, language)) for language in languages}
            for place in places:
                shots = [
                    shot for language in languages for shot in photograph(cameras[language], stage, place, language)
                ]
                sheet(shots, FOLDER / "sheets" / f"{place.name}.png")
                sys.stdout.write(f"{place.name}: {len(shots)}\n")
    for_docs(FOLDER / "en", ROOT / "docs")
    sys.stdout.write(f"They are in {FOLDER.name}/, and side by side in {FOLDER.name}/sheets/.\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make screenshots")
    parser.add_argument("--pages", nargs="*", default=["*"], help="such as: catalog order-*")
    parser.add_argument("--languages", nargs="*", help="such as: en de; all that the shop speaks if none is named")
    return parser.parse_args()


def photograph(tab: Page, stage: Stage, place: Place, language: str) -> Iterator[Path]:
    folder = FOLDER / language
    folder.mkdir(parents=True, exist_ok=True)
    visit(tab, stage, place, language)
    for size, viewport in SIZES.items():
        tab.set_viewport_size(viewport)
        for scheme in SCHEMES:
            yield take(tab, scheme, folder / f"{place.name}-{size}-{scheme}.png")


def take(page: Page, scheme: Scheme, path: Path) -> Path:
    page.emulate_media(color_scheme=scheme)
    if len(page.frames) > 1:
        # The card form hears of it later than the page around it.
        page.wait_for_timeout(500)
    page.evaluate(EAGER)
    page.screenshot(path=path, full_page=True, animations="disabled")
    return path


if __name__ == "__main__":
    main()
