"""Everything between a fresh clone and a shop that can be served; changes nothing where nothing is to do."""

import errno
import os
import socket
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from payments.gateway.keys import currencies
from payments.management.static_files import collect_if_changed
from payments.models import Item

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  (compared with, not bound to)


class Command(BaseCommand):
    help = "Migrates, collects static files, fills a new shop with a demo, and says where everything is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-static", action="store_true", help="The server finds static files itself.")

    def handle(self, *args: Any, no_static: bool = False, **options: Any) -> None:
        host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
        require_free(host, port)
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"The database cannot be used ({reason}): correct DATABASE_URL.") from None
        if not no_static:
            collect_if_changed()
        if not get_user_model().objects.exists():
            call_command("ensure_superuser", stdout=self.stdout)
            if not Item.objects.exists():
                call_command("demo_catalog", stdout=self.stdout)
        self.welcome("127.0.0.1" if host in EVERYWHERE else host, port)

    def welcome(self, host: str, port: str) -> None:
        address = f"http://{host}:{port}"
        self.stdout.write(
            f"\n  Shop      {address}/\n  Admin     {address}/admin/   {login()}\n  Payments  {payments()}\n"
        )
        if os.environ.get("HOST") in EVERYWHERE:
            self.stdout.write("  Other machines reach it by this machine's address, if ALLOWED_HOSTS has it.\n")
        self.stdout.write("  Stop with Ctrl-C.\n")


def require_free(host: str, port: str) -> None:
    """Raise CommandError if the server could not listen there."""
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise CommandError(f"PORT is {port!r}: choose a number from 1 to 65535, as in `make run PORT=8123`.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, int(port)), family=family).close()
    except OSError as error:
        wrong = (
            f"Port {port} is taken" if error.errno == errno.EADDRINUSE else f"HOST={host} PORT={port} cannot be used"
        )
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "no such address"
        raise CommandError(f"{wrong} ({reason}): choose another, as in `make run PORT=8123`.") from None


def login() -> str:
    username = os.environ.get("DJANGO_SUPERUSER_USERNAME", "")
    password = os.environ.get("DJANGO_SUPERUSER_PASSWORD", "")
    user = get_user_model().objects.filter(username=username).first()
    if user is None:
        return "no administrator yet: python manage.py createsuperuser"
    known = bool(password) and user.check_password(password)
    return f"{username} / {password}" if known else f"{username}, with the password that was chosen"


def payments() -> str:
    codes = ", ".join(currencies())
    if not codes:
        return "in no currency yet: set a keypair in .env"
    if settings.STRIPE_SANDBOX:
        return f"{codes}; they go to the stand-in for Stripe: no money moves"
    return f"{codes}; they go to {settings.STRIPE_API_BASE or 'Stripe'}"
