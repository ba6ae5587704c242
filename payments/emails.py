"""What the shop writes to a shopper. Never called inside a transaction: a mail cannot be taken back."""

import logging
import time
from email.errors import MessageError
from smtplib import SMTPDataError, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from payments.errors import EmailNotSent, EmailRefused
from payments.models import Order, OrderEmail
from payments.money import format_amount

logger = logging.getLogger(__name__)

MAXIMUM_AT_ONCE = 500
SECONDS_OF_PEACE = 30


def send_payment_link(order: Order, page: str) -> None:
    """Send the address of the order's page to the order's own address. Raises EmailNotSent."""
    total = format_amount(order.price.total, order.currency)
    text = render_to_string(
        "email/payment_link.txt", {"order": order, "page": page, "total": total, "shop_name": settings.SHOP_NAME}
    )
    send(EmailMessage(f"{settings.SHOP_NAME}: order {order.pk}, {total}", text, to=[order.email]))


def send_due(order: Order | None = None) -> int:
    """Send what is due to this order's shopper, or to anybody; how many were sent. What is not sent stays due."""
    due = OrderEmail.objects.due().select_related("order")
    sent = 0
    for email in due.filter(order=order) if order else due[:MAXIMUM_AT_ONCE]:
        if breaker.is_open or not email.claim():
            continue
        try:
            send(confirmation(email.order))
        except EmailRefused:
            email.note_failure()
        except EmailNotSent:
            email.release()
            breaker.trip()
        else:
            email.mark_sent()
            sent += 1
    return sent


class Breaker:
    """A mail server that does not answer keeps a shopper waiting once, and not everybody for a while after."""

    def __init__(self) -> None:
        self.until = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self.until

    def trip(self) -> None:
        self.until = time.monotonic() + SECONDS_OF_PEACE


breaker = Breaker()


def confirmation(order: Order) -> EmailMessage:
    price = order.price
    context = {
        "order": order,
        "price": price,
        "taxes": list(zip(order.taxes.all(), price.taxes, strict=True)),
        "page": settings.LINK_ORIGIN + reverse("order", args=[order.uuid]),
        "shop_name": settings.SHOP_NAME,
        "price_language": settings.LANGUAGE_CODE,
    }
    text = render_to_string("email/confirmation.txt", context)
    return EmailMessage(f"{settings.SHOP_NAME}: your order {order.pk}", text, to=[order.email])


def send(message: EmailMessage) -> None:
    """Raises EmailRefused if it is about this one mail, EmailNotSent if it is about the server."""
    try:
        message.send()
    except (SMTPRecipientsRefused, SMTPDataError, ValueError, AttributeError, MessageError) as error:
        # The last three: Django and the standard library find addresses to which no mail can be written.
        logger.warning("A mail was refused: %s", type(error).__name__)
        raise EmailRefused("No mail could be sent to this address: please look at it.") from None
    except OSError as error:
        logger.warning("A mail could not be sent: %s", type(error).__name__)
        raise EmailNotSent("The mail server did not take the mail. Please try again in a minute.") from None


def where_mail_goes() -> str:
    """A word of warning where no mail server is set up, or an empty text."""
    if settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return ""
    return " No mail server is set up (EMAIL_URL), so it was only printed where the shop runs."
