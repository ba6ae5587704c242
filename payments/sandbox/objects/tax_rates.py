"""Tax rates: never deleted, and what makes them up never changes. An archived one is used no more."""

from payments.sandbox import clock, store
from payments.sandbox.http.lists import PAGE, list_of
from payments.sandbox.http.parameters import Boolean, Metadata, Parameter, Text
from payments.sandbox.http.percentages import Percentage, exact
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.ids import new_id
from payments.sandbox.objects import events
from payments.sandbox.objects.amounts import Rate
from payments.sandbox.objects.changes import MetadataChange, TextChange, changed
from payments.sandbox.store import JSON

TAX_TYPES = """
    admissions_tax amusement_tax attendance_tax communications_tax digital_excise_tax entertainment_tax get_fund
    gross_receipts_tax gst hospitality_tax hst igst jct lease_tax luxury_tax mass_transit_parking_tax nhil parking_tax
    pst qst resort_tax retail_delivery_fee rst sales_tax service_tax tourism_tax utility_users_tax vat
"""
TAX_RATE: dict[str, Parameter] = {
    "active": Boolean(),
    "country": Text(),
    "description": Text(),
    "display_name": Text(required=True, most=50),
    "inclusive": Boolean(required=True),
    "jurisdiction": Text(most=50),
    "metadata": Metadata(),
    "percentage": Percentage(required=True, decimals=4),
    "state": Text(most=2),
    "tax_type": Text(choices=tuple(TAX_TYPES.split())),
}
# Neither `percentage` nor `inclusive`: what was charged by a rate stays true.
UPDATE: dict[str, Parameter] = {
    "active": Boolean(),
    "country": TextChange(),
    "description": TextChange(),
    "display_name": Text(most=50),
    "jurisdiction": TextChange(most=50),
    "metadata": MetadataChange(),
    "state": TextChange(most=2),
    "tax_type": Text(choices=tuple(TAX_TYPES.split())),
}
NULL_FIELDS = """
    country description effective_percentage flat_amount jurisdiction jurisdiction_level rate_type state tax_type
"""
FILTERS: dict[str, Parameter] = {"active": Boolean(), "inclusive": Boolean()}


def create_tax_rate(call: Call) -> JSON:
    rate: JSON = {
        **dict.fromkeys(NULL_FIELDS.split()),
        "id": new_id("txr_1"),
        "object": "tax_rate",
        "active": True,
        "created": clock.now(),
        "livemode": False,
        "metadata": {},
        **call.read(TAX_RATE),
    }
    events.record(call.db, call.account, "tax_rate.created", rate, call=call)
    return store.save(call.db, call.account, rate)


def retrieve_tax_rate(call: Call) -> JSON:
    call.read({})
    return store.get(call.db, call.account, "tax_rate", call.id)


def list_tax_rates(call: Call) -> JSON:
    params = call.read(PAGE | FILTERS)
    wanted = {name: params[name] for name in FILTERS if name in params}
    return list_of(call, "tax_rate", "/v1/tax_rates", params, lambda rate: wanted.items() <= rate.items())


def update_tax_rate(call: Call) -> JSON:
    rate = store.get(call.db, call.account, "tax_rate", call.id)
    rate = changed(rate, call.read(UPDATE))
    events.record(call.db, call.account, "tax_rate.updated", rate, call=call)
    return store.save(call.db, call.account, rate)


def for_amounts(rate: JSON) -> Rate:
    return Rate(exact(rate["percentage"]), rate["inclusive"])


ROUTES: Routes = {
    ("GET", "/v1/tax_rates"): list_tax_rates,
    ("POST", "/v1/tax_rates"): create_tax_rate,
    ("GET", "/v1/tax_rates/{id}"): retrieve_tax_rate,
    ("POST", "/v1/tax_rates/{id}"): update_tax_rate,
}
