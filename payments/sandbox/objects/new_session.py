"""A Checkout Session as it is when it is opened."""

from urllib.parse import urlsplit

from payments.sandbox import clock
from payments.sandbox.objects.adjustments import breakdown
from payments.sandbox.store import JSON

PAGE_PATH = "/sandbox/checkout/"
LIFETIME = 24 * 60 * 60
NULL_FIELDS = """
    after_expiration allow_promotion_codes billing_address_collection branding_settings client_secret
    collected_information consent consent_collection currency_conversion customer customer_account
    excluded_payment_method_types invoice invoice_creation managed_payments name_collection optional_items
    origin_context payment_intent payment_link payment_method_configuration_details permissions
    phone_number_collection presentment_details recovered_from saved_payment_method_options setup_intent
    shipping_address_collection shipping_cost subscription tax_id_collection wallet_options
"""
# As they were sent, or null.
ECHOED_FIELDS = "cancel_url client_reference_id customer_email integration_identifier locale submit_type success_url"


def new_session(id: str, params: JSON, lines: list[JSON], coupon: JSON | None) -> JSON:
    totals = amounts(lines)
    return {
        **dict.fromkeys(NULL_FIELDS.split()),
        **{name: params.get(name) for name in ECHOED_FIELDS.split()},
        **totals,
        "id": id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": params.get("adaptive_pricing", {}).get("enabled", False)},
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "created": clock.now(),
        "currency": lines[0]["currency"],
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer_creation": "if_required",
        "customer_details": customer_details(params["customer_email"]) if "customer_email" in params else None,
        "discounts": [{"coupon": coupon["id"], "promotion_code": None}] if coupon else None,
        "expires_at": params.get("expires_at", clock.now() + LIFETIME),
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid" if totals["amount_total"] else "no_payment_required",
        "redirect_on_completion": None,
        "return_url": None,
        "shipping_options": [],
        "status": "open",
        "ui_mode": "hosted_page",
        "url": page_url(params["success_url"], id),
        "_line_items": {
            "object": "list",
            "data": lines,
            "has_more": False,
            "url": f"/v1/checkout/sessions/{id}/line_items",
        },
        "_payment_intent_data": params.get("payment_intent_data", {}),
        "_discount_name": (coupon["name"] or coupon["id"]) if coupon else "",
        "_total_details": totals["total_details"] | {"_breakdown": breakdown(lines)},
    }


def amounts(lines: list[JSON]) -> JSON:
    return {
        "amount_subtotal": sum(line["amount_subtotal"] for line in lines),
        "amount_total": sum(line["amount_total"] for line in lines),
        "total_details": {
            "amount_discount": sum(line["amount_discount"] for line in lines),
            "amount_shipping": 0,
            "amount_tax": sum(line["amount_tax"] for line in lines),
        },
    }


def customer_details(email: str) -> JSON:
    unknown = ("address", "business_name", "individual_name", "name", "phone", "tax_ids")
    return dict.fromkeys(unknown) | {"email": email, "tax_exempt": "none"}


def page_url(success_url: str, id: str) -> str:
    """The hosted page is served by the shop itself, wherever that runs."""
    parts = urlsplit(success_url)
    return f"{parts.scheme}://{parts.netloc}{PAGE_PATH}{id}"
