"""How the webhooks of each account do: what an operator looks at first when orders stay unpaid."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from payments.gateway.keys import Keypair, every_keypair
from payments.models import RefusedDelivery, StripeEvent


@dataclass(frozen=True)
class Health:
    account: str
    last_delivery: datetime | None
    last_failure: datetime | None
    # Why the last one failed.
    problem: str
    waiting: int


def health_of_accounts() -> list[Health]:
    waiting = StripeEvent.objects.waiting_by_account()
    return [health_of(keypair, waiting.get(keypair.publishable_key, 0)) for keypair in every_keypair()]


def health_of(keypair: Keypair, waiting: int) -> Health:
    events = StripeEvent.objects.filter(account=keypair.publishable_key)
    delivered = events.filter(was_fetched=False).order_by("-id").values_list("received", flat=True).first()
    failed = events.filter(failures__gt=0).order_by("-failed_at").first()
    return Health(
        account=name_of(keypair),
        last_delivery=delivered,
        last_failure=failed.failed_at if failed else None,
        problem=failed.last_failure_in_words if failed else "",
        waiting=waiting,
    )


def refused_deliveries() -> list[RefusedDelivery]:
    return list(RefusedDelivery.objects.order_by("-last_at"))


def account_name(publishable_key: str) -> str:
    """By the currency it sells in, as everybody here calls it."""
    names = [name_of(keypair) for keypair in every_keypair() if keypair.publishable_key == publishable_key]
    return get_text_list(names, _("and")) or _("not known any more")


def name_of(keypair: Keypair) -> str:
    return _("%(currency)s, retired") % {"currency": keypair.currency} if keypair.retired else keypair.currency
