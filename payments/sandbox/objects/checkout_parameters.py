"""What may be sent to open a Checkout Session, and what each thing may be."""

from payments.sandbox.http.parameters import Boolean, Hash, Integer, ListOf, Metadata, NotServed, Parameter, Text

LOCALES = """
    auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt
    pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW
"""
NOT_SERVED = """
    after_expiration allow_promotion_codes allowed_payment_method_types billing_address_collection
    branding_settings consent_collection currency custom_fields custom_text customer customer_account
    customer_creation customer_update excluded_payment_method_types invoice_creation
    managed_payments name_collection optional_items origin_context payment_method_collection
    payment_method_configuration payment_method_data payment_method_options permissions
    phone_number_collection redirect_on_completion return_url saved_payment_method_options
    setup_intent_data shipping_address_collection shipping_options subscription_data tax_id_collection
    wallet_options
"""

PRODUCT_DATA: dict[str, Parameter] = {
    "name": Text(required=True),
    "description": Text(most=40_000),
    "images": ListOf(Text(most=2048), most=8),
    "metadata": Metadata(),
    "tax_code": NotServed(),
    "tax_details": NotServed(),
    "unit_label": NotServed(),
}
PRICE_DATA: dict[str, Parameter] = {
    "currency": Text(required=True),
    "product": NotServed(),
    "product_data": Hash(PRODUCT_DATA, required=True),
    "recurring": NotServed(),
    "tax_behavior": Text(choices=("exclusive", "inclusive", "unspecified")),
    "unit_amount": Integer(required=True, least=0),
    "unit_amount_decimal": NotServed(),
}
LINE_ITEM: dict[str, Parameter] = {
    "adjustable_quantity": NotServed(),
    "metadata": Metadata(),
    "price": NotServed(),
    "price_data": Hash(PRICE_DATA, required=True),
    "quantity": Integer(required=True, least=1),
    "tax_rates": ListOf(Text(), most=10),
}
PAYMENT_INTENT_DATA: dict[str, Parameter] = {
    "application_fee_amount": NotServed(),
    "capture_method": NotServed(),
    "description": Text(most=1000),
    "metadata": Metadata(),
    "on_behalf_of": NotServed(),
    "receipt_email": Text(),
    "setup_future_usage": NotServed(),
    "shipping": NotServed(),
    "statement_descriptor": Text(most=22),
    "statement_descriptor_suffix": Text(most=22),
    "transfer_data": NotServed(),
    "transfer_group": NotServed(),
}
SESSION: dict[str, Parameter] = {
    **dict.fromkeys(NOT_SERVED.split(), NotServed()),
    "adaptive_pricing": Hash({"enabled": Boolean()}),
    "automatic_tax": Hash({"enabled": Boolean(required=True), "liability": NotServed()}),
    "cancel_url": Text(),
    "client_reference_id": Text(most=200),
    "customer_email": Text(most=800),
    "discounts": ListOf(Hash({"coupon": Text(required=True), "promotion_code": NotServed()}), most=1),
    "expires_at": Integer(),
    "integration_identifier": Text(most=200),
    "line_items": ListOf(Hash(LINE_ITEM), required=True, most=100),
    "locale": Text(choices=tuple(LOCALES.split())),
    "metadata": Metadata(),
    "mode": Text(required=True, choices=("payment", "setup", "subscription")),
    "payment_intent_data": Hash(PAYMENT_INTENT_DATA),
    "submit_type": Text(choices=("auto", "book", "donate", "pay", "subscribe")),
    "success_url": Text(required=True),
    "ui_mode": Text(choices=("elements", "embedded_page", "form", "hosted_page")),
}
