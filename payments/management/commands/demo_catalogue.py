"""Put a dozen items on sale, in two currencies, to look around with."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from djmoney.money import Money

from payments.models import Item

CATALOGUE = Path(__file__).with_name("demo_catalogue.json")


class Command(BaseCommand):
    help = "Puts a dozen items on sale. Items that are there stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        for values in json.loads(CATALOGUE.read_text()):
            price = Money(Decimal(values.pop("price")), values.pop("currency"))
            item = Item(price=price, **values)
            item.full_clean()
            item.save()
        self.stdout.write("A demo catalogue is on sale.")
