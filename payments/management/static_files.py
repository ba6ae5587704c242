"""Static files are collected where one has changed: to name, rewrite and compress all takes seconds of each start."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

MADE_BY = ("django", "whitenoise", "brotli")


def collect_if_changed() -> None:
    collected_of = Path(settings.STATIC_ROOT) / "collected"
    sources = fingerprint_of_sources()
    if not collected_of.is_file() or collected_of.read_text() != sources:
        call_command("collectstatic", interactive=False, verbosity=0)
        collected_of.write_text(sources)


def fingerprint_of_sources() -> str:
    """Changes with each file's name, place, size and time, and with what is made of them by whom."""
    found = [
        (name, storage.path(name), storage.size(name), storage.get_modified_time(name).isoformat())
        for finder in get_finders()
        for name, storage in finder.list([])
    ]
    made = [settings.STORAGES["staticfiles"], [version(name) for name in MADE_BY]]
    return hashlib.sha256(repr((sorted(found), made)).encode()).hexdigest()
