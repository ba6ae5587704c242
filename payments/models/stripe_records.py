"""What we saw of Stripe's own records: the events of every account."""

from django.db import models


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
