"""Fill the shop with a month of believable orders, to look around with."""

from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils.module_loading import import_string

from payments.gateway.keys import currencies, every_keypair
from payments.models import Order


class Command(BaseCommand):
    help = "Fills the shop with a month of believable orders, all paid at the stand-in for Stripe. Nobody gets a mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=int, default=300, help="How many; 1 to 600.")
        parser.add_argument("--seed", type=int, default=1, help="Another number tells another month.")
        parser.add_argument("--beside", action="store_true", help="Also where there are orders already.")

    def handle(self, *args: Any, orders: int, seed: int, beside: bool = False, **options: Any) -> None:
        require_stand_in()
        if not 1 <= orders <= 600:
            raise CommandError("Choose 1 to 600 orders: there are at most twenty a day.")
        if Order.objects.exists() and not beside:
            raise CommandError("There are orders already. With --beside, those of the demo are put beside them.")
        if not get_user_model().objects.exists():
            call_command("ensure_superuser", stdout=self.stdout)
        endings = import_string(settings.STRIPE_SANDBOX_DEMO)(orders=orders, seed=seed)
        self.stdout.write(f"{endings.total()} orders of the past month, in {', '.join(currencies())}:")
        for ending, count in endings.most_common():
            self.stdout.write(f"  {count:4} {ending.value}")
        self.stdout.write(f"The board is at {settings.LINK_ORIGIN}{reverse('board')}")


def require_stand_in() -> None:
    """Raise CommandError if a demo could reach an account of Stripe's, or cannot be told."""
    real = sorted({keypair.currency for keypair in every_keypair() if keypair.has_real_part})
    if real:
        raise CommandError(
            f"The demo is for the stand-in alone, and {', '.join(real)} has keys that are not the stand-in's."
        )
    if not settings.STRIPE_SANDBOX or not currencies():
        raise CommandError("The demo is for the stand-in alone: set its keys, as in .env.example.")
    if find_spec("time_machine") is None:
        raise CommandError("The demo turns the clock: install what it takes by pip install -r requirements-dev.txt")
