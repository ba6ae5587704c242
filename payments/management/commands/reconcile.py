"""Makes the shop agree with Stripe: once, or again and again beside the shop."""

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections

from payments.reconciliation import reconcile

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Fetches what webhooks did not bring, settles what was paid, releases what was not, and says what it mended."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=seconds, metavar="SECONDS", help="Go on for ever, with this pause between.")

    def handle(self, *args: Any, every: int | None = None, **options: Any) -> None:
        if every:
            self.run_for_ever(every)
        elif not self.run_once(threading.Event()):
            raise CommandError("Not everything could be looked at: run it again in a minute.")

    def run_once(self, stopped: threading.Event) -> bool:
        """Whether everything could be looked at."""
        complete = True
        for line in reconcile():
            if stopped.is_set():
                return False
            complete = complete and line.is_mended
            (self.stdout if line.is_mended else self.stderr).write(line.text)
        return complete

    def run_for_ever(self, every: int) -> None:
        """Until somebody asks to stop. Neither a database that is away nor a mistake of ours is a reason to."""
        stopped = threading.Event()
        for asked in (signal.SIGTERM, signal.SIGINT):
            signal.signal(asked, lambda *_: stopped.set())
        while not stopped.is_set():
            try:
                self.run_once(stopped)
            except DatabaseError as error:
                logger.warning("The database could not be used: %s", type(error).__name__)
            except Exception:
                logger.exception("Not everything was reconciled")
            close_old_connections()
            stopped.wait(every)


def seconds(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 86_400:
        raise ValueError("a number of seconds from 1 to 86400")
    return int(text)
