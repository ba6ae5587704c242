"""The shop's mails as a developer sees them in a browser, where the stand-in serves: nothing is sent."""

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from payments.letters import letter
from payments.models import Order, OrderEmail, Refund

# Mails carry their styles within, as some programs that show mails know no other; nothing else is let in.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


@require_safe
@cache_control(no_store=True)
@staff_member_required
def emails(request: HttpRequest) -> HttpResponse:
    context = {"kinds": OrderEmail.Kind.choices, "languages": settings.LANGUAGES}
    return render(request, "sandbox/emails.html", context)


@require_safe
@cache_control(no_store=True)
@staff_member_required
def email(request: HttpRequest, kind: str, part: str) -> HttpResponse:
    """Of the latest order or refund that it can be about, in the order's language or in `?language=`."""
    message = letter(example_of(kind), language_of(request))
    if part == "text":
        headers = "".join(f"{name}: {value}\n" for name, value in [("Subject", message.subject), ("To", message.to[0])])
        return HttpResponse(f"{headers}\n{message.body}", content_type="text/plain; charset=utf-8")
    (html, _mimetype), *_others = message.alternatives
    return HttpResponse(str(html), headers={"Content-Security-Policy": POLICY})


def language_of(request: HttpRequest) -> str:
    language = request.GET.get("language", "")
    return language if language in dict(settings.LANGUAGES) else ""


def example_of(kind: str) -> OrderEmail:
    """One that is not kept."""
    if kind in OrderEmail.OF_REFUNDS:
        refund = Refund.objects.select_related("payment__order").order_by("-id").first()
        order = refund.payment.order if refund else None
    else:
        is_paid = kind == OrderEmail.Kind.CONFIRMATION
        status = Order.Status.PAID if is_paid else Order.Status.PENDING
        refund, order = None, Order.objects.filter(status=status).order_by("-id").first()
    if order is None:
        raise Http404("There is no order that this mail could be about.")
    return OrderEmail(kind=kind, order=order, refund=refund)
