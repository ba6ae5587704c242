"""What the shop writes to a shopper. Never called inside a transaction: a mail cannot be taken back."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from payments.errors import EmailNotSent
from payments.models import Order
from payments.money import format_amount

logger = logging.getLogger(__name__)


def send_payment_link(order: Order, page: str) -> None:
    """Send the address of the order's page to the order's own address. Raises EmailNotSent."""
    total = format_amount(order.price.total, order.currency)
    text = render_to_string(
        "email/payment_link.txt", {"order": order, "page": page, "total": total, "shop_name": settings.SHOP_NAME}
    )
    send(EmailMessage(f"{settings.SHOP_NAME}: order {order.pk}, {total}", text, to=[order.email]))


def send(message: EmailMessage) -> None:
    try:
        message.send()
    except (SMTPException, OSError) as error:
        logger.warning("A mail could not be sent: %s", type(error).__name__)
        raise EmailNotSent("The mail server did not take the mail. Please try again in a minute.") from None


def where_mail_goes() -> str:
    """A word of warning where no mail server is set up, or an empty text."""
    if settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return ""
    return " No mail server is set up (EMAIL_URL), so it was only printed where the shop runs."
