"""Every page of the shop by its name."""

from payments.tests.pages_for_shoppers import MAILS, SHOP, STAND_IN
from payments.tests.pages_for_staff import ADMIN

PLACES = {place.name: place for place in SHOP + STAND_IN + MAILS + ADMIN}
