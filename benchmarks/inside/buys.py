"""Prints, for each round, the CPU of a buy with all that it writes and of the SDK's own call made alone: JSON, in s.

Both are warm, and of one process: the shop's client asks Stripe for the same session either way.
"""

import itertools
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.inside.asking import WARM, application, ask, cpu_of
from benchmarks.rows import in_turn

BUYS = 200
POST = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "0", "HTTP_ACCEPT": "application/json"}


def main(rounds: int) -> None:
    shop = application()
    buy = partial(ask, shop, "/buy/1", **POST)
    for _ in range(WARM):
        status, _body = buy()
        assert status == "200 OK", status
    own_call = sdks_own_call()
    for _ in range(WARM):
        own_call()
    json.dump(in_turn(rounds, lambda: cpu_of(buy, BUYS), lambda: cpu_of(own_call, BUYS)), sys.stdout)


def sdks_own_call() -> Callable[[], object]:
    """With the parameters of the last buy, by a client as the SDK makes it, and a key of its own for each call."""
    import stripe  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415  (the environment names the settings by now)

    from payments.checkout import session_params  # noqa: PLC0415
    from payments.gateway.keys import keypair_for  # noqa: PLC0415
    from payments.models import Payment  # noqa: PLC0415

    payment = Payment.objects.select_related("order").latest("pk")
    keypair, numbers = keypair_for(payment.currency), itertools.count()
    stripe.ca_bundle_path = settings.STRIPE_CA_BUNDLE
    client = stripe.StripeClient(keypair.secret_key, base_addresses={"api": settings.STRIPE_API_BASE})
    params: Any = session_params(payment, keypair, "http://127.0.0.1:8000")
    return lambda: client.v1.checkout.sessions.create(params, {"idempotency_key": f"alone-{next(numbers)}"})


if __name__ == "__main__":
    main(int(sys.argv[1]))
