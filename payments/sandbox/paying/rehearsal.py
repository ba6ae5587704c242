"""What a payer may rehearse: what becomes of the webhooks, and how the bank answers."""

from dataclasses import dataclass
from enum import Enum

from payments.sandbox.store import JSON
from payments.sandbox.webhooks.deliveries import Webhook

BANK_SECONDS = 10


class Bank(Enum):
    AT_ONCE = "at_once"
    SLOW = "slow"
    REFUSES = "refuses"


@dataclass(frozen=True)
class Rehearsal:
    webhook: Webhook = Webhook.DELIVER
    bank: Bank = Bank.AT_ONCE

    @classmethod
    def of(cls, intent: JSON) -> "Rehearsal":
        """As chosen at the last attempt on the intent."""
        chosen = intent.get("_rehearsal")
        return cls(Webhook(chosen["webhook"]), Bank(chosen["bank"])) if chosen else cls()

    @property
    def kept(self) -> JSON:
        return {"webhook": self.webhook.value, "bank": self.bank.value}
