"""What the shop remembers. Models know the database, never the network."""

from payments.models.catalog import Item
from payments.models.orders import Order, OrderLine
from payments.models.payments import Payment
from payments.models.stripe_records import StripeEvent

__all__ = ["Item", "Order", "OrderLine", "Payment", "StripeEvent"]
