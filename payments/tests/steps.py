"""What a person does on the way to a page that no address leads to: by names, which are the same in every language."""

from collections.abc import Callable
from typing import Any, TypeAlias

from playwright.sync_api import FrameLocator, Page

Step: TypeAlias = Callable[[Page | Any], object]

STAY = """
() => {
  const later = setTimeout;
  window.setTimeout = (act, wait) => wait > 3000 ? 0 : later(act, wait);
}
"""
SLIP_IN = "(field, value) => { field.value = value }"


def fill(**values: str) -> Step:
    return lambda page: [page.locator(f"input[name={name}]").fill(value) for name, value in values.items()]


def choose(**values: str) -> Step:
    return lambda page: [page.locator(f"[name={name}]").select_option(value) for name, value in values.items()]


def slip_in(**values: str) -> Step:
    """Into fields that nobody sees."""
    return lambda page: [page.locator(f"[name={name}]").evaluate(SLIP_IN, value) for name, value in values.items()]


def tick(selector: str, count: int = 1) -> Step:
    return lambda page: [page.locator(selector).nth(number).check() for number in range(count)]


def attach(name: str, content: str) -> Step:
    file: Any = {"name": "items.csv", "mimeType": "text/csv", "buffer": content.encode()}
    return lambda page: page.locator(f"[name={name}]").set_input_files(file)


def press(selector: str) -> Step:
    return lambda page: page.locator(selector).first.click()


def send(form: str) -> Step:
    return press(f"{form} [type=submit]")


def see(selector: str) -> Step:
    """What says that one has arrived."""
    return lambda page: page.locator(selector).first.wait_for()


def within(frame: str, *steps: Step) -> Step:
    def inside(page: Page) -> None:
        found: FrameLocator = page.frame_locator(frame)
        for step in steps:
            step(found)

    return inside


def refused(address: str) -> Step:
    return lambda page: page.route(address, lambda route: route.abort())


def wait_forever(page: Page) -> None:
    """For whatever the page's script asks for from now on."""
    page.evaluate("() => { window.fetch = () => new Promise(() => {}) }")


def stay(page: Page) -> None:
    """What the page says in passing, it says for longer than anybody looks."""
    page.evaluate(STAY)
