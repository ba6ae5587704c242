"""What a mail to a shopper says, as text and as HTML, in the language of the order. Sends nothing."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from payments.languages import written_in
from payments.models import Order, OrderEmail
from payments.money import format_amount

Words = dict[str, str]


def letter(email: OrderEmail, language: str = "") -> EmailMultiAlternatives:
    """In the order's language unless another is asked for; in the shop's where nobody knows."""
    language = language or email.order.language or settings.LANGUAGE_CODE
    with written_in(language):
        context = context_of(email)
        return EmailMultiAlternatives(
            subject_of(email, context),
            without_gaps(render_to_string(f"email/{email.kind}.txt", context)),
            to=[email.address],
            reply_to=settings.REPLY_TO,
            headers={"Message-ID": message_id(email)},
            alternatives=[(render_to_string(f"email/{email.kind}.html", context), "text/html")],
        )


def context_of(email: OrderEmail) -> dict[str, Any]:
    order, price = email.order, email.order.price
    return {
        "order": order,
        "price": price,
        "taxes": list(zip(order.taxes.all(), price.taxes, strict=True)),
        "refund": email.refund,
        "page": email.page or page_of(order),
        "others": [(other, page_of(other)) for other in others_of(email)],
        "shop_name": settings.SHOP_NAME,
    }


def page_of(order: Order) -> str:
    return f"{settings.LINK_ORIGIN}{reverse('order', args=[order.uuid])}"


def others_of(email: OrderEmail) -> list[Order]:
    """The other orders of the same cart; a mail of a refund is about its own."""
    if email.kind in OrderEmail.OF_REFUNDS:
        return []
    others = Order.objects.filter(purchase=email.order.purchase).exclude(pk=email.order.pk)
    return list(others.order_by("id").prefetch_related("lines", "taxes"))


def subject_of(email: OrderEmail, context: dict[str, Any]) -> str:
    """On one line, whatever the shop is called: what follows a line's end would be another header."""
    refund = email.refund
    amount = refund.amount if refund else context["price"].total
    words = {
        "shop": settings.SHOP_NAME,
        "number": str(email.order.pk),
        "amount": format_amount(amount, email.order.currency),
    }
    return " ".join(SUBJECTS[OrderEmail.Kind(email.kind)](email.order, words).splitlines())


def of_confirmation(order: Order, words: Words) -> str:
    return _("%(shop)s: your order %(number)s, %(amount)s") % words


def of_payment_link(order: Order, words: Words) -> str:
    if not order.is_payable:
        return _("%(shop)s: order %(number)s, %(amount)s") % words
    return _("%(shop)s: order %(number)s, %(amount)s to pay") % words


def of_refund(order: Order, words: Words) -> str:
    return _("%(shop)s: refund of %(amount)s for order %(number)s") % words


def of_failed_refund(order: Order, words: Words) -> str:
    return _("%(shop)s: the refund of %(amount)s for order %(number)s did not go through") % words


SUBJECTS: dict[OrderEmail.Kind, Callable[[Order, Words], str]] = {
    OrderEmail.Kind.CONFIRMATION: of_confirmation,
    OrderEmail.Kind.PAYMENT_LINK: of_payment_link,
    OrderEmail.Kind.REFUND: of_refund,
    OrderEmail.Kind.REFUND_FAILED: of_failed_refund,
}


def without_gaps(text: str) -> str:
    """What was left out leaves no empty lines behind."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def message_id(email: OrderEmail) -> str:
    """The same each time it is sent: one that was sent by a process which ended before it noted so is known again."""
    name = salted_hmac(__name__, f"{email.pk} {email.created}", algorithm="sha256").hexdigest()[:32]
    return f"<{name}@{urlsplit(settings.LINK_ORIGIN).hostname or 'localhost'}>"
