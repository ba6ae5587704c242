"""Every text of the shop in each language's catalogue, and each catalogue compiled."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.commands import makemessages

from payments.management.catalogues import catalogues_in, compile_into_place, problems_of

# What shoppers and staff read is in none of these.
WITHOUT_TEXTS = ["payments/tests/*", "payments/migrations/*", "staticfiles/*", "requirements*.txt"]
SOURCES = ("manage.py", "payments", "storefront", "templates")


class Collect(makemessages.Command):
    # A guess looks like a translation: what is new, or was changed, is to be translated.
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]


class Command(BaseCommand):
    help = "Collects the texts into the catalogue of each language (needs GNU gettext), and compiles the catalogues."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Change nothing: say what is missing, and end with 1 if anything is."
        )

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        if shutil.which("xgettext") is None:
            raise CommandError("GNU gettext is needed: install it (on Debian: apt install gettext) and try again.")
        folder = Path(settings.LOCALE_PATHS[0])
        if check:
            require_complete(folder)
        else:
            collect(folder)


def collect(folder: Path) -> None:
    call_command(Collect(), all=True, no_location=True, no_obsolete=True, ignore_patterns=[*WITHOUT_TEXTS], verbosity=0)
    for po in catalogues_in(folder):
        leave_out_the_time(po)
        compile_into_place(po)


def leave_out_the_time(po: Path) -> None:
    """Two branches that add a text each would always differ in when."""
    lines = po.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = (line for line in lines if not line.startswith('"POT-Creation-Date:'))
    po.write_text("".join(kept), encoding="utf-8")


def require_complete(folder: Path) -> None:
    """Raise CommandError if a catalogue cannot be released as it is."""
    problems = [f"{po.relative_to(folder)}: {each}" for po in catalogues_in(folder) for each in problems_of(po)]
    problems += outdated(folder)
    if problems:
        raise CommandError("\n".join([*problems, "Run `make messages`, and translate what is missing."]))


def outdated(folder: Path) -> list[str]:
    """The catalogues that are others once the texts are collected, in a copy of the project."""
    with tempfile.TemporaryDirectory() as copy:
        for name in SOURCES:
            copy_into(Path(copy), Path(settings.BASE_DIR) / name)
        subprocess.run([sys.executable, "manage.py", "messages"], cwd=copy, check=True)  # noqa: S603  (ourselves)
        there = Path(copy) / folder.relative_to(settings.BASE_DIR)
        return [
            f"{po.relative_to(folder)}: the texts in the code are others"
            for po in catalogues_in(folder)
            if (there / po.relative_to(folder)).read_bytes() != po.read_bytes()
        ]


def copy_into(folder: Path, source: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, folder)
