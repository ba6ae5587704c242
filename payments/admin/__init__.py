"""The operator's side."""

from django.contrib import admin

from payments.admin.adjustments import DiscountAdmin, TaxAdmin
from payments.admin.catalog import ItemAdmin
from payments.admin.money_back import DisputeAdmin, RefundAdmin
from payments.admin.orders import OrderAdmin
from payments.admin.payments import PaymentAdmin, StripeEventAdmin

__all__ = [
    "DisputeAdmin",
    "RefundAdmin",
    "DiscountAdmin",
    "ItemAdmin",
    "OrderAdmin",
    "PaymentAdmin",
    "StripeEventAdmin",
    "TaxAdmin",
]

# All rooms of the shop stand in a line above each page: beside it they would take a list's columns their width.
admin.site.enable_nav_sidebar = False
admin.site.empty_value_display = "–"
