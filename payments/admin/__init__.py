"""The operator's side."""

from payments.admin.catalog import ItemAdmin
from payments.admin.orders import OrderAdmin, PaymentAdmin, StripeEventAdmin

__all__ = ["ItemAdmin", "OrderAdmin", "PaymentAdmin", "StripeEventAdmin"]
