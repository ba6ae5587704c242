"""Have every account send its events to the shop."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from payments.endpoints import NotAnOrigin, Registration, register, url_at
from payments.errors import KeyLacksPermission, KeyNotAccepted, StorefrontError, StripeUnreachable
from payments.gateway.keys import SANDBOX_MARK, Keypair, every_keypair, masked


class Command(BaseCommand):
    help = (
        "Makes the webhook endpoint that is missing, and mends the one that is not as it should be, in every account, "
        "retired ones too; prints the lines for the environment. Run again, it makes nothing twice."
    )
    # The webhook's secret, which the checks want to see, is what this command is run for.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("origin", nargs="?", default=settings.SHOP_ORIGIN, help="Where the shop is")

    def handle(self, *args: Any, origin: str = "", **options: Any) -> None:
        try:
            url = url_at(origin)
        except NotAnOrigin as error:
            raise CommandError(str(error)) from None
        accounts = by_account()
        if not accounts:
            raise CommandError("No account is configured: set its publishable and its secret key first.")
        failed = [self.serve(keypairs, url) for keypairs in accounts].count(False)
        if failed:
            raise CommandError(f"{failed} of {len(accounts)} accounts could not be served: see above.")

    def serve(self, keypairs: list[Keypair], url: str) -> bool:
        """Whether the account sends its events now. What is made is told at once: its secret is told but once."""
        keypair = keypairs[0]
        names = ", ".join(name_of(each) for each in keypairs)
        try:
            registration = register(keypair, url)
        except StorefrontError as error:
            self.stdout.write(self.style.ERROR(f"{names}: {reason(error)}"))
            return False
        self.stdout.write(f"{names}: {what_was_done(registration, url)}")
        for endpoint in registration.outdated:
            self.stdout.write(
                f"  The version of {endpoint.id} is another, and stays so: delete it in the dashboard once the new "
                "secret is at work."
            )
        for each in keypairs:
            if registration.made:
                self.stdout.write(f"  {line_for(each, registration.made.secret)}")
            elif not each.webhook_secrets:
                self.stdout.write(f"  Its signing secret, which {each.currency} misses, is in the dashboard.")
        return True


def by_account() -> list[list[Keypair]]:
    """The keypairs that can be asked; those of one account together, since its events are sent once."""
    accounts: dict[str, list[Keypair]] = {}
    for keypair in every_keypair():
        if keypair.publishable_key and keypair.secret_key:
            accounts.setdefault(keypair.publishable_key, []).append(keypair)
    return list(accounts.values())


def name_of(keypair: Keypair) -> str:
    retired = ", retired" if keypair.retired else ""
    return f"{keypair.currency}{retired} ({masked(keypair.publishable_key)})"


def reason(error: StorefrontError) -> str:
    if isinstance(error, KeyNotAccepted):
        return "Stripe does not accept the secret key: correct it and run this again."
    if isinstance(error, KeyLacksPermission):
        return (
            "the restricted key may not write Webhook Endpoints: allow it in the dashboard, or add the endpoint there."
        )
    if isinstance(error, StripeUnreachable):
        return "Stripe does not answer: run this again in a minute."
    return "Stripe refuses the endpoint: it takes an address that the world can reach, and 16 endpoints an account."


def what_was_done(registration: Registration, url: str) -> str:
    if registration.made:
        return f"{registration.made.id} was made for {url}. For the environment:"
    if registration.updated:
        return f"{registration.updated.id} at {url} was enabled, with the events that the shop needs."
    return f"there is one at {url} already, as it should be."


def line_for(keypair: Keypair, secret: str) -> str:
    """With what has to stay: until an older endpoint is deleted, its secret signs as well."""
    # One made up for the stand-in is no use beside real keys.
    at_work = any((SANDBOX_MARK in present) is keypair.is_sandbox for present in keypair.webhook_secrets)
    if keypair.retired:
        present = ":<its present webhook secrets>" if at_work else ""
        return f"STRIPE_{keypair.currency}_RETIRED=<its publishable key>:<its secret key>:{secret}{present}"
    return f"STRIPE_{keypair.currency}_WEBHOOK_SECRET={secret}{',<the present value>' if at_work else ''}"
