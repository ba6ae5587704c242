"""The hosted payment page; mounted at `/sandbox/` where the stand-in serves."""

from django.urls import re_path

from payments.sandbox import views
from payments.sandbox.accounts import refuse_live_keys

refuse_live_keys()

app_name = "sandbox"
urlpatterns = [
    re_path(r"^checkout/(?P<id>[A-Za-z0-9_]+)/?$", views.checkout, name="checkout"),
    re_path(r"^checkout/(?P<id>[A-Za-z0-9_]+)/confirm/?$", views.confirm, name="confirm"),
]
