"""What staff did with an order: kept with the name of who did it, also once that account is deleted."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from payments.models.orders import Order


class OrderChangeQuerySet(models.QuerySet["OrderChange"]):
    def note(self, order: "Order", kind: "OrderChange.Kind", *, by: "User", detail: str = "") -> "OrderChange":
        return self.create(order=order, kind=kind, by=by, by_name=by.get_username(), detail=detail)


class OrderChange(models.Model):
    class Kind(models.TextChoices):
        MADE = "made", _("Made")
        CHANGED = "changed", _("Changed")
        LINK_SENT = "link_sent", _("Link sent")

    order: "models.ForeignKey[Order]" = models.ForeignKey(
        "payments.Order", on_delete=models.CASCADE, related_name="changes", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    by_name = models.CharField(_("name"), max_length=150)
    # What was changed, as the admin's own history writes it in no language; or where the link was sent to.
    detail = models.TextField(_("detail"), blank=True)
    created = models.DateTimeField(_("created"), default=timezone.now)

    objects = OrderChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of an order")
        verbose_name_plural = _("changes of orders")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.order}"
