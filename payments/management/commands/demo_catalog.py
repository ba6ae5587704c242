"""Put a dozen items on sale, in two currencies, to look around with."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from djmoney.money import Money

from payments.models import Item

CATALOG = Path(__file__).with_name("demo_catalog.json")


class Command(BaseCommand):
    help = "Puts a dozen items on sale. Items that are there stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        for values in json.loads(CATALOG.read_text()):
            if Item.objects.filter(name=values["name"]).exists():
                continue
            price = Money(Decimal(values.pop("price")), values.pop("currency"))
            item = Item(price=price, **values)
            item.full_clean()
            item.save()
        self.stdout.write("A demo catalog is on sale.")
