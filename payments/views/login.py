"""The admin's login, where passwords cannot be guessed for long."""

import unicodedata

from django.contrib import admin
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters

from payments import brake
from payments.brake import Visitor
from payments.errors import TooMany
from payments.views.limits import address_of, slow_down


@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """Counted before the password is looked at, so that many guesses at once are counted too.

    By name and address together: who knows an administrator's name locks nobody out but himself.
    """
    if request.method != "POST":
        return admin.site.login(request)
    address = address_of(request)
    guesser = Visitor(name=f"{name_of(request)} {address}", address=address)
    try:
        brake.count("logins", guesser)
    except TooMany as error:
        return slow_down(request, error)
    response = admin.site.login(request)
    if get_user(request).is_authenticated:
        brake.forget("logins", guesser)
    return response


def name_of(request: HttpRequest) -> str:
    """As the form reads it, which leaves out spaces and takes one letter for another: or one name had many counts."""
    return unicodedata.normalize("NFKC", request.POST.get("username", "")).strip().casefold()
