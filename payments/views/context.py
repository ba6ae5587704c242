"""What every page knows about the shop."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static

from payments.views.baskets import basket_of


def shop(request: HttpRequest) -> dict[str, Any]:
    return {
        "shop_name": settings.SHOP_NAME,
        "cart_count": basket_of(request).count,
        "languages": tuple(settings.LANGUAGES) if len(settings.LANGUAGES) > 1 else (),
        "page_address": request.get_full_path(),
        "payments_are_not_real": settings.STRIPE_SANDBOX,
        "stripe_js_url": stripe_js_url(),
    }


def stripe_js_url() -> str:
    """Stripe's own script, which may not be hosted by anyone else, or the stand-in's."""
    url: str = settings.STRIPE_JS_URL
    return url if url.startswith("https://") else static(url)
