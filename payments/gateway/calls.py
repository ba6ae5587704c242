"""What the log says of a call to Stripe, in one line: never Stripe's text, which may quote a key."""

import logging
import time
from dataclasses import dataclass, field

import stripe

from payments.gateway.keys import Keypair

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    keypair: Keypair
    act: str
    started: float = field(default_factory=time.perf_counter)

    def answered(self) -> None:
        self.tell(logging.INFO, "ok", "answered")

    def failed(self, level: int, error: stripe.StripeError) -> None:
        """With what an operator needs to find the request in Stripe's dashboard. An error is mailed."""
        found = (error.http_status, error.code, getattr(error, "param", None), error.request_id)
        outcome = type(error).__name__
        self.tell(level, outcome, "failed: {} status={} code={} param={} request={}".format(outcome, *found))

    def not_made(self) -> None:
        """Too many wait for Stripe already, and pages that need no Stripe are to be answered."""
        self.tell(logging.WARNING, "not made", "not asked, since too many wait already")

    def unreadable(self, error: Exception) -> None:
        """A proxy's page, a list, half a body: an answer, but not Stripe's."""
        self.tell(logging.WARNING, "unreadable", f"unreadable answer ({type(error).__name__})")

    def tell(self, level: int, outcome: str, words: str) -> None:
        milliseconds = round((time.perf_counter() - self.started) * 1000)
        facts = {
            "event": "stripe_call",
            "act": self.act,
            "account": self.keypair.publishable_key,
            "milliseconds": milliseconds,
            "outcome": outcome,
        }
        currency = self.keypair.currency
        logger.log(level, "Stripe: %s for %s in %d ms: %s", self.act, currency, milliseconds, words, extra=facts)
