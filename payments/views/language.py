"""`/language`: the visitor chooses the language of the pages, and is back on the page where that was done."""

from django.views.i18n import set_language

from payments.views.cart import posted

# Sent by a form without a token, as the cart's are. Django leads nowhere but to a page of the shop.
choose = posted(set_language)
