"""What the shop remembers. Models know the database, never the network."""

from payments.models.adjustments import Discount, DiscountAmount, Tax
from payments.models.brakes import OrderVisitor, Tally
from payments.models.catalog import Item
from payments.models.disputes import Dispute
from payments.models.order_changes import OrderChange
from payments.models.order_emails import OrderEmail
from payments.models.order_lines import OrderLine, OrderTax
from payments.models.orders import Order
from payments.models.payments import Payment
from payments.models.purchases import NewOrder
from payments.models.refunds import Refund
from payments.models.stripe_records import Counterpart, ReadEvents, RefusedDelivery, StripeEvent
from payments.models.uploads import Upload

__all__ = [
    "Counterpart",
    "Discount",
    "DiscountAmount",
    "Dispute",
    "Item",
    "NewOrder",
    "Order",
    "OrderChange",
    "OrderEmail",
    "OrderLine",
    "OrderTax",
    "OrderVisitor",
    "Payment",
    "ReadEvents",
    "Refund",
    "RefusedDelivery",
    "StripeEvent",
    "Tally",
    "Tax",
    "Upload",
]
