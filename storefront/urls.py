"""Every address of the shop."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import admin
from django.http import HttpResponseBase
from django.urls import URLPattern, include, path
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog

from payments.admin import board, guide, start
from payments.views import cart, catalog, checkout, intents, language, login, orders, search_engines, staff, webhooks

TRANSLATED = ["django.contrib.admin", "payments"]


def either_way(route: str, view: Callable[..., HttpResponseBase], name: str) -> list[URLPattern]:
    """The page without and with a slash at its end; links are made without."""
    return [path(route, view, name=name), path(f"{route}/", view)]


urlpatterns = [
    path("", catalog.catalog_page, name="catalog"),
    *either_way("item/<int:item_id>", catalog.item_page, "item"),
    *either_way("buy/<str:item_id>", checkout.buy, "buy"),
    *either_way("cart", cart.cart_page, "cart"),
    *either_way("cart/add/<int:item_id>", cart.add, "cart-add"),
    *either_way("cart/change", cart.update, "cart-update"),
    *either_way("cart/change/<int:item_id>", cart.change, "cart-change"),
    *either_way("cart/remove/<int:item_id>", cart.remove, "cart-remove"),
    *either_way("cart/code", cart.code, "cart-code"),
    *either_way("cart/checkout", cart.check_out, "cart-checkout"),
    *either_way("intent/<str:item_id>", intents.intent_of_item, "intent"),
    *either_way("order/<uuid:uuid>", orders.order_page, "order"),
    *either_way("order/<uuid:uuid>/success", orders.success, "order-success"),
    *either_way("order/<uuid:uuid>/cancel", orders.cancel, "order-cancel"),
    *either_way("order/<uuid:uuid>/checkout", orders.pay, "order-checkout"),
    *either_way("order/<uuid:uuid>/cart", cart.take_order, "order-cart"),
    *either_way("order/<int:order_id>", staff.order, "staff-order"),
    *either_way("item/by_order/<int:item_id>", staff.orders_of_item, "staff-orders-of-item"),
    *either_way("order/<uuid:uuid>/pay", intents.pay_page, "order-pay"),
    *either_way("order/<uuid:uuid>/intent", intents.intent_of_order, "order-intent"),
    *either_way("language", language.choose, "language"),
    *either_way("webhooks/stripe", webhooks.stripe, "stripe-webhooks"),
    path("robots.txt", search_engines.robots),
    path("sitemap.xml", search_engines.sitemap, name="sitemap"),
    path("sitemap-<int:number>.xml", search_engines.sitemap_part, name="sitemap-part"),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/login/", login.login),
    path("admin/", admin.site.admin_view(start.page)),
    path("admin/board/", admin.site.admin_view(board.page), name="board"),
    path("admin/guide/", admin.site.admin_view(guide.page), name="guide"),
    path("admin/guide/examination/", admin.site.admin_view(guide.examine), name="examination"),
    # Django's own, and what ours adds to it.
    path("admin/jsi18n/", admin.site.admin_view(JavaScriptCatalog.as_view(packages=TRANSLATED), cacheable=True)),
    path("admin/", admin.site.urls),
]

handler400 = "payments.views.problems.bad_request"
handler403 = "payments.views.problems.forbidden"
handler404 = "payments.views.problems.not_found"
handler500 = "payments.views.problems.server_error"

if settings.STRIPE_SANDBOX:
    urlpatterns.append(path("sandbox/", include(settings.STRIPE_SANDBOX_URLS)))
