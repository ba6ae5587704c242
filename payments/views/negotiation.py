"""Whether a program or a person is asking."""

from django.http import HttpRequest

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def prefers_json(request: HttpRequest) -> bool:
    """Whether the Accept header puts JSON before HTML; a browser's or curl's own header does not."""
    try:
        return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    except (LookupError, ValueError):
        # A header that names an encoding nobody knows.
        return False


def is_form_post(request: HttpRequest) -> bool:
    """Whether this is a form of a page, sent without a script."""
    return request.method == "POST" and request.content_type in FORM_TYPES and not prefers_json(request)
