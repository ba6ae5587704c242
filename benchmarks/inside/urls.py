"""The shop's addresses, and one that answers two bytes: what its middleware costs alone."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.inside.asking import TWO_BYTES
from storefront import urls


def two_bytes(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok")


urlpatterns = [path(TWO_BYTES.strip("/"), two_bytes), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
