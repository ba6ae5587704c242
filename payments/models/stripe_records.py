"""What we know of Stripe's own records: the events of every account, and what stands there for ours."""

import json
from datetime import datetime, timedelta

from django.contrib.admin import display
from django.db import models
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from payments.errors import in_words
from payments.languages import format_moment

# What deciding about an event takes. The rest, with the shopper's name and address, is only kept for a while.
KEPT_OF_EVENT = ("id", "object", "type", "livemode", "created")
KEPT_OF_OBJECT = (
    *("id", "object", "livemode", "currency", "amount", "amount_total", "status", "payment_status"),
    *("client_reference_id", "metadata", "payment_intent", "charge"),
)


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    def waiting(self) -> "StripeEventQuerySet":
        """Kept, and not worked on to the end, the oldest first; but last what failed before."""
        return self.filter(outcome=StripeEvent.Outcome.RECEIVED).exclude(payload="").order_by("failures", "id")

    def waiting_by_account(self) -> dict[str, int]:
        counted = self.waiting().order_by("account").values_list("account").annotate(Count("id"))
        return dict(counted)

    def cut_down(self, *, received_before: datetime, at_most: int = 1000) -> int:
        """Leave out of these payloads whatever tells of a person; how many were."""
        whole = self.filter(is_cut_down=False, received__lt=received_before).order_by("received")[:at_most]
        events = list(whole)
        for event in events:
            event.payload, event.is_cut_down = without_persons(event.payload), True
        self.bulk_update(events, ["payload", "is_cut_down"], batch_size=100)
        return len(events)


def without_persons(payload: str) -> str:
    event = json.loads(payload)
    kept = {name: event[name] for name in KEPT_OF_EVENT if name in event}
    subject = event["data"]["object"]
    return json.dumps(kept | {"data": {"object": {name: subject[name] for name in KEPT_OF_OBJECT if name in subject}}})


class StripeEvent(models.Model):
    """What an account told us. It is kept before it is worked on, so that nothing told is ever lost."""

    class Outcome(models.TextChoices):
        RECEIVED = "received", _("Not worked on yet")
        SETTLED = "settled", _("Done")
        IGNORED = "ignored", _("Nothing to do")
        NOT_OURS = "not_ours", _("Not about an order of this shop")
        REFUSED = "refused", _("Does not fit the payment: nothing was done")

    account = models.CharField(
        _("account"), max_length=255, help_text=_("The publishable key of the account that sent it.")
    )
    event_id = models.CharField(_("event ID"), max_length=255)
    type = models.CharField(_("type"), max_length=100)
    livemode = models.BooleanField(_("live mode"))
    object_id = models.CharField(_("object ID"), max_length=255, blank=True)
    payload = models.TextField(
        _("payload"),
        default="",
        db_default="",
        help_text=_("As it came. What tells of a person is left out of it after a while."),
    )
    # What comes without a payload is of the release before, so there is nothing to cut down.
    is_cut_down = models.BooleanField(_("without personal data"), default=False, db_default=True)
    was_fetched = models.BooleanField(
        _("was fetched"), default=False, db_default=False, help_text=_("Its webhook had not arrived; it was asked for.")
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.RECEIVED)
    problem = models.CharField(_("problem"), max_length=200, blank=True)
    failures = models.PositiveIntegerField(
        _("failures"), default=0, db_default=0, help_text=_("How often working on it failed.")
    )
    failed_at = models.DateTimeField(_("failed at"), null=True)
    last_failure = models.CharField(
        _("last failure"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("Why it failed the last time."),
    )
    received = models.DateTimeField(_("received"), auto_now_add=True)
    changed = models.DateTimeField(_("changed"), auto_now=True)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        constraints = [
            models.UniqueConstraint(fields=["event_id", "account"], name="an_event_is_kept_once"),
        ]
        indexes = [
            models.Index(fields=["object_id"], name="events_about_an_object"),
            models.Index(fields=["account", "-id"], condition=Q(was_fetched=False), name="events_delivered"),
            models.Index(fields=["-id"], condition=Q(was_fetched=True), name="events_fetched"),
            models.Index(fields=["account", "-failed_at"], condition=Q(failures__gt=0), name="events_that_failed"),
            models.Index(fields=["outcome", "-id"], name="events_by_outcome"),
            models.Index(fields=["type", "-id"], name="events_by_type"),
            models.Index(fields=["livemode", "-id"], name="events_by_mode"),
            models.Index(fields=["received"], condition=Q(is_cut_down=False), name="events_with_whole_payload"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    @display(description=_("problem"))
    def problem_in_words(self) -> str:
        return in_words(self.problem)

    @property
    @display(description=_("last failure"))
    def last_failure_in_words(self) -> str:
        return in_words(self.last_failure)

    @property
    def is_done(self) -> bool:
        return self.outcome != self.Outcome.RECEIVED

    @property
    def is_due(self) -> bool:
        """What failed often is tried again after as many minutes, and at least once in six hours."""
        pause = timedelta(minutes=min(self.failures, 360))
        return self.failures <= 1 or self.failed_at is None or timezone.now() - self.failed_at > pause

    def finish(self, outcome: Outcome, problem: str = "") -> None:
        self.outcome = outcome
        self.problem = problem
        self.save(update_fields=["outcome", "problem", "changed"])

    def note_failure(self, problem: str) -> None:
        """It waits for another try; nothing was done."""
        now = timezone.now()
        StripeEvent.objects.filter(pk=self.pk, outcome=self.Outcome.RECEIVED).update(
            failures=F("failures") + 1, failed_at=now, last_failure=problem[:200], problem=problem[:200], changed=now
        )


class RefusedDelivery(models.Model):
    """Webhooks that no account of ours signed: how many, and the last one, for each reason."""

    reason = models.CharField(_("reason"), max_length=100, unique=True)
    count = models.PositiveBigIntegerField(_("count"), default=0)
    last_at = models.DateTimeField(_("last at"))

    class Meta:
        verbose_name = _("refused delivery")
        verbose_name_plural = _("refused deliveries")

    def __str__(self) -> str:
        return f"{self.reason_in_words}: {self.count}"

    @property
    def reason_in_words(self) -> str:
        """It is counted under its English name."""
        return gettext(self.reason)

    @classmethod
    def add(cls, reason: str, count: int) -> None:
        """Many may add at once."""
        now = timezone.now()
        if not cls.objects.filter(reason=reason).update(count=F("count") + count, last_at=now):
            RefusedDelivery.objects.bulk_create([RefusedDelivery(reason=reason, last_at=now)], ignore_conflicts=True)
            cls.objects.filter(reason=reason).update(count=F("count") + count, last_at=now)


class ReadEvents(models.Model):
    """Until when the events of an account were read at Stripe, so that the next reading begins there."""

    account = models.CharField(_("account"), max_length=255, unique=True)
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("events that were read")
        verbose_name_plural = _("events that were read")

    def __str__(self) -> str:
        return gettext("%(account)s until %(time)s") % {"account": self.account, "time": format_moment(self.until)}


class Counterpart(models.Model):
    """A Coupon that stands for a discount in one account, or a TaxRate for a tax: one for each content."""

    class Kind(models.TextChoices):
        COUPON = "coupon", "Coupon"
        TAX_RATE = "tax_rate", "TaxRate"

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    account = models.CharField(
        _("account"), max_length=255, help_text=_("The publishable key of the account that it is in.")
    )
    currency = models.CharField(_("currency"), max_length=3, help_text=_("By which the account is found."))
    content = models.CharField(_("content"), max_length=64)
    # Grows when one that was gone is made anew, and when Stripe failed to make it: then there is no `stripe_id`.
    generation = models.PositiveIntegerField(_("generation"), default=1)
    stripe_id = models.CharField(_("Stripe ID"), max_length=255)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    retired_at = models.DateTimeField(_("retired at"), null=True)

    class Meta:
        verbose_name = _("counterpart at Stripe")
        verbose_name_plural = _("counterparts at Stripe")
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
