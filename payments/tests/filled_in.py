"""What a browser would send of a form as the page shows it."""

from html.parser import HTMLParser
from typing import Any


def filled_in(page: Any, form_id: str) -> dict[str, Any]:
    """The values of the form with this id, each a list, to be changed and posted; buttons are not pressed."""
    reader = FormReader(form_id)
    reader.feed(page.content.decode())
    return reader.values


class FormReader(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.values: dict[str, list[str]] = {}
        self.is_inside = False
        self.choosing = ""
        self.writing = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.is_inside = has.get("id") == self.form_id
        elif self.is_inside and tag == "input":
            self.read_input(has)
        elif self.is_inside and tag == "select":
            self.choosing = has.get("name", "")
        elif tag == "option" and self.choosing and "selected" in has:
            self.add(self.choosing, has["value"])
        elif self.is_inside and tag == "textarea":
            self.writing = has["name"]
            self.add(self.writing, "")

    def read_input(self, has: dict[str, str]) -> None:
        kind = has.get("type", "text")
        if kind in ("checkbox", "radio"):
            if "checked" in has:
                self.add(has["name"], has.get("value", "on"))
        elif kind != "submit" and has.get("name"):
            self.add(has["name"], has.get("value", ""))

    def add(self, name: str, value: str) -> None:
        self.values.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self.writing:
            self.values[self.writing][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        elif tag == "select":
            self.choosing = ""
        elif tag == "textarea":
            # The first line break after the tag belongs to the page, not to the text.
            self.values[self.writing][-1] = self.values[self.writing][-1].removeprefix("\n")
            self.writing = ""
