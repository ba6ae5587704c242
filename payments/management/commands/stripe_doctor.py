"""Prove the ring of keypairs online."""

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from payments import doctor
from payments.doctor import Finding, State
from payments.endpoints import NotAnOrigin, url_at
from payments.gateway.keys import Keypair, every_keypair, masked


class Command(BaseCommand):
    help = (
        "Asks Stripe about every keypair, retired ones too: are its keys accepted and of one account, may it charge, "
        "in which mode is it, do its events reach the shop? Ends with 0 if all is well, with 1 if something is wrong."
    )
    # It is most needed when something is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--origin", default=settings.SHOP_ORIGIN, help="Where the shop is: https://shop.example")
        parser.add_argument("--json", action="store_true", dest="as_json", help="For programs: a list of keypairs.")

    def handle(self, *args: Any, origin: str = "", as_json: bool = False, **options: Any) -> None:
        try:
            url = url_at(origin) if origin else ""
        except NotAnOrigin as error:
            raise CommandError(str(error)) from None
        examined = []
        for keypair in every_keypair():
            found = doctor.examine(keypair, url)
            examined.append((keypair, found))
            if not as_json:
                self.tell(keypair, found)
        if as_json:
            self.stdout.write(json.dumps([as_program_reads(*pair) for pair in examined], indent=2))
        end(examined)

    def tell(self, keypair: Keypair, found: list[Finding]) -> None:
        retired = ", retired" if keypair.retired else ""
        self.stdout.write(f"{keypair.currency}{retired} ({masked(keypair.publishable_key)})")
        styles = {State.OK: self.style.SUCCESS, State.NOTE: self.style.WARNING, State.WRONG: self.style.ERROR}
        for finding in found:
            state = styles[finding.state](f"{finding.state:<5}")
            self.stdout.write(f"  {state}  {finding.subject:<15}  {finding.says}")
        self.stdout.write("")


def as_program_reads(keypair: Keypair, found: list[Finding]) -> dict[str, Any]:
    return {
        "currency": keypair.currency,
        "retired": keypair.retired,
        "publishable_key": masked(keypair.publishable_key),
        "findings": [asdict(finding) for finding in found],
    }


def end(examined: list[tuple[Keypair, list[Finding]]]) -> None:
    """Raise CommandError, which ends with 1, if anything is wrong."""
    if not examined:
        raise CommandError("No keypair is configured: .env.example shows how.")
    wrong = sum(finding.state is State.WRONG for _, found in examined for finding in found)
    if wrong:
        raise CommandError(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")
