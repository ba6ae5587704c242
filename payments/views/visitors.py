"""Telling one visitor from another without an account, so that a second click finds what the first one made."""

import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "visitor"
SECONDS = 30 * 24 * 3600


def visitor_of(request: HttpRequest) -> str:
    """The visitor's own random text; a new one for somebody unknown."""
    return secrets.token_urlsafe(32) if is_new(request) else request.COOKIES[COOKIE]


def is_new(request: HttpRequest) -> bool:
    return not re.fullmatch(r"[A-Za-z0-9_-]{43}", request.COOKIES.get(COOKIE, ""))


def remember(response: HttpResponse, visitor: str) -> None:
    response.set_cookie(
        COOKIE, visitor, max_age=SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
