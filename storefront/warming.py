"""What the first visitors of a worker would wait for is loaded before, and once for all workers, which are forked."""

import logging
from contextlib import suppress

from django.conf import settings
from django.template.loader import get_template
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext, override

from payments.gateway import warming

logger = logging.getLogger(__name__)


def warm() -> None:
    """Nothing is asked of a database or of Stripe; and a shop that cannot be warmed begins cold."""
    try:
        load_addresses()
        load_languages()
        load_templates()
        warming.warm()
    except Exception:
        logger.exception("Not all could be loaded beforehand")


def load_addresses() -> None:
    reverse("catalog")
    with suppress(Resolver404):
        # All are compared with one that there is not.
        resolve("/-")


def load_languages() -> None:
    for language, _ in settings.LANGUAGES:
        with override(language):
            gettext("Cart")


def load_templates() -> None:
    folder = settings.BASE_DIR / "templates"
    for file in folder.rglob("*.html"):
        get_template(str(file.relative_to(folder)))
