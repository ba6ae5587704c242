"""Buys item 1 so often, each time by another visitor; prints of each the session, order, payment, amount, currency."""

import json
import sys
from typing import Any

from benchmarks.inside.asking import application, ask


def main(count: int) -> None:
    shop = application()
    from payments.models import Payment  # noqa: PLC0415  (the shop is set up by now)

    for _ in range(count):
        status, body = ask(shop, "/buy/1", HTTP_ACCEPT="application/json")
        assert status == "200 OK", body
    bought = Payment.objects.select_related("order").order_by("-pk")[:count]
    json.dump([facts_of(payment) for payment in bought], sys.stdout)


def facts_of(payment: Any) -> tuple[str, str, int, int, str]:
    return payment.checkout_session_id, str(payment.order.uuid), payment.pk, payment.amount, payment.currency


if __name__ == "__main__":
    main(int(sys.argv[1]))
