"""Static files are collected where one has changed: to name, rewrite and compress all takes seconds of each start."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

MADE_BY = ("django", "whitenoise", "brotli")


def collect_if_changed() -> None:
    """By one process at a time: two that start at once would rename each other's files."""
    folder = Path(settings.STATIC_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        collected_of, sources = folder / "collected", fingerprint_of_sources()
        if not collected_of.is_file() or collected_of.read_text() != sources:
            call_command("collectstatic", interactive=False, verbosity=0)
            collected_of.write_text(sources)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def fingerprint_of_sources() -> str:
    """Changes with each file's name, place, size and time, and with what is made of them by whom."""
    found = [
        (name, storage.path(name), storage.size(name), storage.get_modified_time(name).isoformat())
        for finder in get_finders()
        for name, storage in finder.list([])
    ]
    made = [settings.STORAGES["staticfiles"], [version(name) for name in MADE_BY]]
    return hashlib.sha256(repr((sorted(found), made)).encode()).hexdigest()
