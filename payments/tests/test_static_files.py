"""A shop that starts anew collects the static files where one has changed, and begins at once where none has."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.finders import get_finder

from payments.management.static_files import collect_if_changed, locked


@pytest.fixture
def source(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A style of the shop's, whose files are collected as they are deployed."""
    source = tmp_path / "static" / "shop.css"
    source.parent.mkdir()
    source.write_text("body { color: red }\n" * 200)
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [source.parent]
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    get_finder.cache_clear()  # type: ignore[attr-defined]
    yield source
    get_finder.cache_clear()  # type: ignore[attr-defined]


def collected(source: Path) -> dict[str, int]:
    """Each file with the time at which it was written."""
    collect_if_changed()
    return {file.name: file.stat().st_mtime_ns for file in (source.parents[1] / "collected").iterdir()}


def test_what_is_collected_already_is_not_collected_again(source: Path) -> None:
    first = collected(source)
    assert {"shop.css", "shop.css.gz", "shop.css.br", "staticfiles.json"} <= first.keys()
    assert collected(source) == first


def test_a_changed_and_a_new_file_are_collected(source: Path) -> None:
    first = collected(source)
    source.write_text("body { color: green }")
    (source.parent / "new.js").write_text("")
    assert len(collected(source).keys() - first.keys()) >= 3


@pytest.mark.parametrize("pattern", ["*", "[!.]*"])
def test_files_that_were_thrown_away_are_collected_again(source: Path, pattern: str) -> None:
    """Also by a shell, which leaves what begins with a dot."""
    first = collected(source)
    for file in (source.parents[1] / "collected").glob(pattern):
        file.unlink()
    assert collected(source).keys() == first.keys()


def test_who_starts_while_another_collects_waits_for_it(source: Path, settings: Any) -> None:
    folder = Path(settings.STATIC_ROOT)
    folder.mkdir()
    with ThreadPoolExecutor() as pool:
        with locked(folder):
            later = pool.submit(collected, source)
            time.sleep(0.3)
            assert not later.done()
            assert not list(folder.iterdir())
        assert "staticfiles.json" in later.result(timeout=20)
