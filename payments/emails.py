"""What the shop sends to a shopper, and when. Never called inside a transaction: a mail cannot be taken back."""

import logging
import time
from email.errors import MessageError
from smtplib import SMTPDataError, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from payments.errors import EmailNotSent, EmailNotWritten, EmailRefused
from payments.letters import letter
from payments.models import Order, OrderEmail

logger = logging.getLogger(__name__)

MAXIMUM_AT_ONCE = 500
SECONDS_OF_PEACE = 30


def send_payment_link(order: Order, page: str) -> None:
    """Send the address of the order's page to the order's own address.

    Raises EmailNotSent; the mail is kept then, and sent with what is due.
    """
    email = OrderEmail.objects.with_link(order, page)
    if not email.claim():
        raise EmailNotSent(_("A mail with it is being sent at this very moment: please look again in a minute."))
    deliver(email)


def send_due(order: Order | None = None, unwritten: list[OrderEmail] | None = None) -> int:
    """Send what is due to this order's shopper, or to anybody; how many were sent. What is not sent stays due.

    What waits comes in another order each time: a mail at which the server hangs up must not keep the others waiting.
    Those that cannot be written are added to `unwritten`.
    """
    due = OrderEmail.objects.due().with_contents()
    sent = 0
    for email in due.filter(order=order) if order else due.order_by("?")[:MAXIMUM_AT_ONCE]:
        if breaker.is_open or not email.claim():
            continue
        if email.is_out_of_date:
            email.delete()
            continue
        try:
            deliver(email)
        except EmailNotWritten:
            if unwritten is not None:
                unwritten.append(email)
        except EmailNotSent:
            continue
        else:
            sent += 1
    return sent


def deliver(email: OrderEmail) -> None:
    """Send what the caller has claimed. Raises EmailNotWritten, EmailRefused or EmailNotSent; it is due again then."""
    try:
        send(written(email))
    except EmailRefused:
        email.note_failure()
        raise
    except EmailNotSent:
        email.release()
        breaker.trip()
        raise
    email.mark_sent()


def written(email: OrderEmail) -> EmailMessage:
    """Raises EmailNotWritten: a mistake of ours with one mail must not keep the others waiting, or spoil a page."""
    try:
        return letter(email)
    except Exception:  # noqa: BLE001
        # Tried again each minute; that it fails is told once.
        level = logging.WARNING if email.failures else logging.ERROR
        logger.log(level, "Mail %s of order %s cannot be written", email.pk, email.order_id, exc_info=True)
        raise EmailNotWritten(_("The mail could not be written: the shop's log says why.")) from None


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


def send(message: EmailMessage) -> None:
    """Raises EmailRefused if it is about this one mail, EmailNotSent if it is about the server."""
    try:
        message.send()
    except (SMTPRecipientsRefused, SMTPDataError, ValueError, AttributeError, MessageError) as error:
        # The last three: Django and the standard library find addresses to which no mail can be written.
        logger.warning("A mail was refused: %s", type(error).__name__)
        raise EmailRefused(_("No mail could be sent to this address: please look at it.")) from None
    except OSError as error:
        logger.warning("A mail could not be sent: %s", type(error).__name__)
        raise EmailNotSent(
            _("The mail server did not take the mail. It is kept, and sent as soon as the server takes it.")
        ) from None


def where_mail_goes() -> str:
    """A word of warning where no mail server is set up, or an empty text."""
    if settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return ""
    return " " + _("No mail server is set up (EMAIL_URL), so it was only printed where the shop runs.")
