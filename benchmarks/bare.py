"""The least that Django can do: a view that answers two bytes, without a middleware. What pages are compared with."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import re_path


def two_bytes(request: HttpRequest) -> HttpResponse:
    request.body  # noqa: B018  (a delivery is read before it is answered)
    return HttpResponse(b"ok")


urlpatterns = [re_path("", two_bytes)]

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[], SECRET_KEY="x" * 50, USE_I18N=False)
application = get_wsgi_application()
