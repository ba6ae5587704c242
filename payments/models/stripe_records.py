"""What we know of Stripe's own records: the events of every account, and what stands there for ours."""

from django.db import models
from django.utils import timezone


class StripeEvent(models.Model):
    class Outcome(models.TextChoices):
        RECEIVED = "received", "Not worked on yet"
        SETTLED = "settled", "Done"
        IGNORED = "ignored", "Nothing to do"
        NOT_OURS = "not_ours", "Not about an order of this shop"
        REFUSED = "refused", "Does not fit the payment: nothing was done"

    account = models.CharField(max_length=255, help_text="The publishable key of the account that sent it.")
    event_id = models.CharField(max_length=255)
    type = models.CharField(max_length=100)
    livemode = models.BooleanField()
    object_id = models.CharField(max_length=255, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RECEIVED)
    problem = models.CharField(max_length=200, blank=True)
    received = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "event_id"], name="an_event_is_kept_once"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def is_done(self) -> bool:
        return self.outcome != self.Outcome.RECEIVED

    def finish(self, outcome: Outcome, problem: str = "") -> None:
        self.outcome = outcome
        self.problem = problem
        self.save(update_fields=["outcome", "problem", "changed"])


class Counterpart(models.Model):
    """A Coupon that stands for a discount in one account, or a TaxRate for a tax: one for each content."""

    class Kind(models.TextChoices):
        COUPON = "coupon", "Coupon"
        TAX_RATE = "tax_rate", "TaxRate"

    kind = models.CharField(max_length=10, choices=Kind)
    account = models.CharField(max_length=255, help_text="The publishable key of the account that it is in.")
    currency = models.CharField(max_length=3, help_text="By which the account is found.")
    content = models.CharField(max_length=64)
    # Grows when one that was gone is made anew, and when Stripe failed to make it: then there is no `stripe_id`.
    generation = models.PositiveIntegerField(default=1)
    stripe_id = models.CharField(max_length=255)
    created = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "content", "generation"], name="one_counterpart_a_content"
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id

    def mark_retired(self) -> None:
        """It is gone at Stripe, or nothing uses it any more."""
        self.retired_at = timezone.now()
        self.save(update_fields=["retired_at"])
