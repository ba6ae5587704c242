"""What search engines ask for before they read a page: `/robots.txt`, and the sitemap in parts."""

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from payments.gateway.keys import currencies
from payments.models import Item
from payments.views.heads import public_origin

# A part has the items of so many ids in a row, on sale or not: none has to be counted, or passed over, to find it.
IDS_IN_PART = 5_000
for_an_hour = cache_control(public=True, max_age=3600)


@for_an_hour
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    text = render_to_string("robots.txt", {"sitemap": public_origin(request) + reverse("sitemap")})
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@for_an_hour
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Where the parts are: the first has the catalog, too."""
    origin = public_origin(request)
    parts = [origin + reverse("sitemap-part", args=[number]) for number in range(last_part() + 1)]
    return as_xml("sitemap_index.xml", {"parts": parts})


@for_an_hour
@require_safe
def sitemap_part(request: HttpRequest, number: int) -> HttpResponse:
    if number > last_part():
        raise Http404("The sitemap has no such part.")
    first = number * IDS_IN_PART
    items = Item.objects.for_sale(currencies()).filter(pk__gte=first, pk__lt=first + IDS_IN_PART)
    context = {
        "origin": public_origin(request),
        "with_catalog": number == 0,
        "items": items.order_by("pk").only("pk", "changed"),
    }
    return as_xml("sitemap.xml", context)


def last_part() -> int:
    newest = Item.objects.order_by("-pk").values_list("pk", flat=True).first()
    return (newest or 0) // IDS_IN_PART


def as_xml(template: str, context: dict[str, object]) -> HttpResponse:
    return HttpResponse(render_to_string(template, context), content_type="application/xml; charset=utf-8")
