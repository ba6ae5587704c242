"""What the shop remembers. Models know the database, never the network."""

from payments.models.adjustments import Discount, DiscountAmount, Tax
from payments.models.catalog import Item
from payments.models.order_lines import OrderLine, OrderTax
from payments.models.orders import NewOrder, Order
from payments.models.payments import Payment
from payments.models.stripe_records import Counterpart, StripeEvent

__all__ = [
    "Counterpart",
    "Discount",
    "DiscountAmount",
    "Item",
    "NewOrder",
    "Order",
    "OrderLine",
    "OrderTax",
    "Payment",
    "StripeEvent",
    "Tax",
]
