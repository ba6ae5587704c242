"""Stripe's objects as we use them; amounts are in minor units of `currency`, which is an upper-case code."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias


@dataclass(frozen=True, kw_only=True)
class CheckoutSession:
    id: str
    url: str
    status: Literal["open", "complete", "expired"]
    payment_status: Literal["paid", "unpaid", "no_payment_required"]
    amount_total: int
    currency: str
    livemode: bool
    client_reference_id: str
    payment_intent_id: str
    payment_intent_status: str
    # Given by the shopper while paying, or by us before; of the shape of an e-mail address or empty.
    email: str = field(repr=False)
    decline: str = ""

    @classmethod
    def from_stripe(cls, session: dict[str, Any]) -> "CheckoutSession":
        """Raises KeyError, TypeError or AttributeError for what is not a Checkout Session."""
        intent = expanded(session.get("payment_intent"))
        return cls(
            id=session["id"],
            url=session.get("url") or "",
            status=session["status"],
            payment_status=session["payment_status"],
            amount_total=session["amount_total"],
            currency=session["currency"].upper(),
            livemode=session["livemode"],
            client_reference_id=session.get("client_reference_id") or "",
            payment_intent_id=intent.get("id", ""),
            payment_intent_status=intent.get("status", ""),
            email=email_of((session.get("customer_details") or {}).get("email") or session.get("customer_email")),
            decline=decline_of(intent),
        )

    @property
    def order(self) -> str:
        return self.client_reference_id

    @property
    def amount(self) -> int:
        return self.amount_total

    @property
    def is_open(self) -> bool:
        return self.status == "open"

    @property
    def is_paid(self) -> bool:
        return self.status == "complete" and self.payment_status != "unpaid"

    @property
    def is_processing(self) -> bool:
        """Complete, but by a payment method that takes days; it may still fail."""
        return self.status == "complete" and not self.is_paid and not self.is_failed

    @property
    def is_failed(self) -> bool:
        failed = self.payment_intent_status in ("requires_payment_method", "canceled")
        return self.status == "complete" and not self.is_paid and failed

    @property
    def is_over(self) -> bool:
        return self.status == "expired"


@dataclass(frozen=True, kw_only=True)
class PaymentIntent:
    id: str
    # Whoever has it can pay, and see what is paid: it goes to the shopper's page and nowhere else.
    client_secret: str = field(repr=False)
    status: str
    amount: int
    currency: str
    livemode: bool
    order: str
    # The number of the payment that it was made for, by either way to pay.
    payment: str
    email: str = field(repr=False)
    decline: str = ""

    @classmethod
    def from_stripe(cls, intent: dict[str, Any]) -> "PaymentIntent":
        """Raises KeyError, TypeError or AttributeError for what is not a PaymentIntent."""
        return cls(
            id=intent["id"],
            client_secret=intent["client_secret"],
            status=intent["status"],
            amount=intent["amount"],
            currency=intent["currency"].upper(),
            livemode=intent["livemode"],
            order=intent["metadata"].get("order", ""),
            payment=intent["metadata"].get("payment", ""),
            email=email_of(intent.get("receipt_email")),
            decline=decline_of(intent),
        )

    @property
    def url(self) -> str:
        """It is paid on the shop's own page."""
        return ""

    @property
    def payment_intent_id(self) -> str:
        return self.id

    @property
    def is_open(self) -> bool:
        """It waits for the shopper: for a card, after a decline for another, or for the answer to the bank."""
        return self.status in ("requires_payment_method", "requires_confirmation", "requires_action")

    @property
    def is_paid(self) -> bool:
        return self.status == "succeeded"

    @property
    def is_processing(self) -> bool:
        return self.status == "processing"

    @property
    def is_failed(self) -> bool:
        """Never for good: one that failed asks for another card."""
        return False

    @property
    def is_over(self) -> bool:
        return self.status == "canceled"


@dataclass(frozen=True, kw_only=True)
class Refund:
    id: str
    payment_intent_id: str
    # pending, requires_action, succeeded, failed or canceled; empty where Stripe says nothing.
    status: str
    amount: int
    currency: str
    reason: str
    failure_reason: str
    created: datetime
    # What we called it when we asked for it; empty for one that was made in the dashboard.
    token: str

    @classmethod
    def from_stripe(cls, refund: dict[str, Any]) -> "Refund":
        """Raises KeyError, TypeError or AttributeError for what is not a refund."""
        return cls(
            id=refund["id"],
            payment_intent_id=expanded(refund.get("payment_intent")).get("id", ""),
            status=refund.get("status") or "",
            amount=refund["amount"],
            currency=refund["currency"].upper(),
            reason=refund.get("reason") or "",
            failure_reason=refund.get("failure_reason") or "",
            created=datetime.fromtimestamp(refund["created"], UTC),
            token=(refund.get("metadata") or {}).get("refund", ""),
        )


@dataclass(frozen=True, kw_only=True)
class Dispute:
    id: str
    payment_intent_id: str
    status: str
    reason: str
    amount: int
    currency: str
    is_charge_refundable: bool
    # None where the bank takes no answer.
    evidence_due_by: datetime | None
    created: datetime
    # What the bank took, and what came back of it; None while nothing has.
    withdrawn_amount: int = 0
    withdrawn_at: datetime | None = None
    reinstated_amount: int = 0
    reinstated_at: datetime | None = None

    @classmethod
    def from_stripe(cls, dispute: dict[str, Any]) -> "Dispute":
        """Raises KeyError, TypeError or AttributeError for what is not a dispute."""
        due_by = dispute["evidence_details"].get("due_by")
        moved = [movement_of(transaction, dispute) for transaction in dispute["balance_transactions"]]
        taken, came_back = ([each for each in moved if each[0] * sign > 0] for sign in (-1, 1))
        return cls(
            id=dispute["id"],
            payment_intent_id=expanded(dispute.get("payment_intent")).get("id", ""),
            status=dispute["status"],
            reason=dispute["reason"],
            amount=dispute["amount"],
            currency=dispute["currency"].upper(),
            is_charge_refundable=dispute["is_charge_refundable"],
            evidence_due_by=datetime.fromtimestamp(due_by, UTC) if due_by else None,
            created=datetime.fromtimestamp(dispute["created"], UTC),
            withdrawn_amount=-sum(amount for amount, _ in taken),
            withdrawn_at=min((at for _, at in taken), default=None),
            reinstated_amount=sum(amount for amount, _ in came_back),
            reinstated_at=max((at for _, at in came_back), default=None),
        )


def movement_of(transaction: dict[str, Any], dispute: dict[str, Any]) -> tuple[int, datetime]:
    """How much of the dispute's currency it moved, and when; an account may settle in another one."""
    amount: int = transaction["amount"]
    if transaction["currency"] != dispute["currency"]:
        amount = dispute["amount"] if amount > 0 else -dispute["amount"]
    return amount, datetime.fromtimestamp(transaction["created"], UTC)


@dataclass(frozen=True, kw_only=True)
class BalanceTransaction:
    """A movement of money as it stands in the account's own books; negative is what left. Stripe's fee is beside it."""

    id: str
    category: str
    # Of the charge, refund or dispute that caused it.
    source_id: str
    payment_intent_id: str
    # What the charge was for, as we told Stripe; empty for what no order of this shop is behind.
    order: str
    amount: int
    currency: str
    created: datetime

    @classmethod
    def from_stripe(cls, transaction: dict[str, Any]) -> "BalanceTransaction":
        """Raises KeyError, TypeError or AttributeError for what is not a balance transaction."""
        source = expanded(transaction.get("source"))
        amount, currency = transaction["amount"], transaction["currency"]
        if source.get("currency", currency) != currency:
            # It was settled in another currency, which is not the one that was sold in.
            amount, currency = source["amount"] if amount > 0 else -source["amount"], source["currency"]
        return cls(
            id=transaction["id"],
            category=transaction["reporting_category"],
            source_id=source.get("id", ""),
            payment_intent_id=expanded(source.get("payment_intent")).get("id", ""),
            order=(source.get("metadata") or {}).get("order", ""),
            amount=amount,
            currency=currency.upper(),
            created=datetime.fromtimestamp(transaction["created"], UTC),
        )


# What an order can be paid by.
Offer: TypeAlias = CheckoutSession | PaymentIntent


def email_of(value: Any) -> str:
    """Empty for what a database or a mail could not carry."""
    return value if isinstance(value, str) and re.fullmatch(r"[^\s@<>,;\0]{1,64}@[^\s@<>,;\0]{1,189}", value) else ""


def decline_of(intent: dict[str, Any]) -> str:
    """The id of the charge, or of the card, that was declined last; empty once another is tried or has paid."""
    error = intent.get("last_payment_error")
    if not isinstance(error, dict):
        return ""
    method = error.get("payment_method")
    return str(error.get("charge") or (method.get("id") if isinstance(method, dict) else ""))


def expanded(reference: Any) -> dict[str, Any]:
    """The object behind a field that holds an id, the expanded object, or nothing."""
    return {"id": reference} if isinstance(reference, str) else dict(reference or {})
