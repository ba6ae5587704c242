"""The languages of the shop: the one it is written in, and each that it has a catalogue of translations for."""

from pathlib import Path

from django.conf.locale import LANG_INFO
from django.utils.translation import to_language


def languages_of(folder: Path, written_in: str) -> list[tuple[str, str]]:
    """Code and own name of each language, such as `("de", "Deutsch")`; the one it is written in comes first."""
    catalogues = sorted(to_language(path.parent.parent.name) for path in folder.glob("*/LC_MESSAGES/django.mo"))
    return [(code, own_name(code)) for code in [written_in, *(code for code in catalogues if code != written_in)]]


def own_name(code: str) -> str:
    """As those who speak it call it, with a capital letter as in a list; the code where Django knows no name."""
    name: str = LANG_INFO.get(code, {}).get("name_local", code)
    return name[:1].upper() + name[1:]
