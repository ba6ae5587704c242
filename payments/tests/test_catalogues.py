"""A translation is released only if it is whole."""

from pathlib import Path

import pytest

from payments.management.catalogues import compile_into_place, problems_of
from storefront.languages import languages_of

HEADER = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2);\n"
"""
GOOD = r"""
msgid "Order %(number)s"
msgstr "Заказ %(number)s"

msgid "Try again in a minute."
msgid_plural "Try again in %(minutes)s minutes."
msgstr[0] "Через %(minutes)s минуту."
msgstr[1] "Через %(minutes)s минуты."
msgstr[2] "Через %(minutes)s минут."
"""


@pytest.fixture
def po(tmp_path: Path) -> Path:
    path = tmp_path / "ru" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    return path


def written(po: Path, texts: str) -> Path:
    po.write_text(HEADER + texts, encoding="utf-8")
    compile_into_place(po)
    return po


def test_a_whole_translation_is_fine(po: Path) -> None:
    assert list(problems_of(written(po, GOOD))) == []


@pytest.mark.parametrize(
    ("whole", "broken", "problem"),
    [
        ('"Заказ %(number)s"', '""', "not translated: Order %(number)s"),
        ('"Через %(minutes)s минут."', '""', "not translated: Try again in a minute."),
        ('msgstr[2] "Через %(minutes)s минут."', "", "not translated: Try again in a minute."),
        ('msgid "Order', '#, fuzzy\nmsgid "Order', "fuzzy: Order %(number)s"),
        ("Заказ %(number)s", "Заказ", "other placeholders than in English: Order %(number)s"),
        ("Заказ %(number)s", "Заказ %(nubmer)s", "other placeholders than in English: Order %(number)s"),
        ("Через %(minutes)s минуты", "%(count)s минуты", "other placeholders than in English: Try again in a minute."),
        ("Заказ %(number)s", 'Заказ %(number)s"\n\n#~ msgid "Gone"\n#~ msgstr "Нет', "no longer in the code: Gone"),
    ],
)
def test_what_is_wrong_with_a_translation_is_said(po: Path, whole: str, broken: str, problem: str) -> None:
    assert whole in GOOD
    assert list(problems_of(written(po, GOOD.replace(whole, broken, 1)))) == [problem]


def test_a_translation_that_was_not_compiled_is_not_released(po: Path) -> None:
    written(po, GOOD)
    po.write_text(HEADER + GOOD.replace("Заказ", "Покупка"), encoding="utf-8")
    assert list(problems_of(po)) == ["django.mo does not agree with it"]
    po.with_suffix(".mo").unlink()
    assert list(problems_of(po)) == ["django.mo does not agree with it"]


def test_a_folder_with_a_compiled_translation_is_one_more_language(po: Path, tmp_path: Path) -> None:
    assert languages_of(tmp_path, "en") == [("en", "English")]
    written(po, GOOD)
    assert languages_of(tmp_path, "en") == [("en", "English"), ("ru", "Русский")]
