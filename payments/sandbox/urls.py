"""The hosted page, the Payment Element and a small dashboard; mounted at `/sandbox/` where the stand-in serves."""

from django.urls import re_path

from payments.models import OrderEmail
from payments.sandbox.accounts import refuse_live_keys
from payments.sandbox.pages import dashboard, element_views, emails, views

refuse_live_keys()

app_name = "sandbox"
SESSION = r"^checkout/(?P<id>[A-Za-z0-9_]+)"
INTENT = r"^payment_intents/(?P<id>[A-Za-z0-9_]+)"
urlpatterns = [
    re_path(rf"{SESSION}/?$", views.checkout, name="checkout"),
    re_path(rf"{SESSION}/confirm/?$", views.confirm, name="confirm"),
    re_path(r"^payments/(?P<id>[A-Za-z0-9_]+)/?$", dashboard.payment, name="dashboard"),
    re_path(r"^emails/?$", emails.emails, name="emails"),
    re_path(
        rf"^emails/(?P<kind>{'|'.join(OrderEmail.Kind.values)})/(?P<part>html|text)/?$", emails.email, name="email"
    ),
    re_path(r"^elements/payment/?$", element_views.payment, name="payment-element"),
    re_path(rf"{INTENT}/?$", element_views.retrieve, name="payment-intent"),
    re_path(rf"{INTENT}/confirm/?$", element_views.confirm, name="confirm-payment-intent"),
    re_path(rf"{INTENT}/authenticate/?$", element_views.authenticate, name="authenticate"),
]
