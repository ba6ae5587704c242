"""The stand-in's clock, in whole seconds as Stripe counts them; tests turn it forward."""

import time


def now() -> int:
    return int(time.time())
