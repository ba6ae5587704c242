"""Webhook endpoints: where an account's events are sent, which ones, and the secret that is shown only once."""

from payments.sandbox import clock, store
from payments.sandbox.errors import invalid
from payments.sandbox.http.lists import PAGE, list_of
from payments.sandbox.http.parameters import Boolean, ListOf, Metadata, NotServed, Parameter, Text
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.ids import new_id
from payments.sandbox.objects.changes import MetadataChange, TextChange, changed
from payments.sandbox.store import JSON
from payments.sandbox.webhooks import deliveries
from payments.sandbox.webhooks.addresses import check_url

# An account has no more: https://docs.stripe.com/webhooks#register-webhook
MOST = 16
ENDPOINT: dict[str, Parameter] = {
    "api_version": Text(),
    "connect": NotServed(),
    "description": Text(),
    "enabled_events": ListOf(Text(), required=True, most=500),
    "metadata": Metadata(),
    "url": Text(required=True),
}
# Not `api_version`: an endpoint keeps the version that it was made with.
UPDATE: dict[str, Parameter] = {
    "description": TextChange(),
    "disabled": Boolean(),
    "enabled_events": ListOf(Text(), most=500),
    "metadata": MetadataChange(),
    "url": Text(),
}


def create_webhook_endpoint(call: Call) -> JSON:
    params = call.read(ENDPOINT)
    check_url("url", params["url"])
    if len(list(store.newest_first(call.db, call.account, "webhook_endpoint"))) >= MOST:
        raise invalid("", f"You have reached the maximum of {MOST} webhook endpoints.")
    secret = new_id("whsec_sandbox_", 32)
    endpoint: JSON = {
        "id": new_id("we_1"),
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": clock.now(),
        "description": None,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "_secret": secret,
        **params,
    }
    return store.save(call.db, call.account, endpoint) | {"secret": secret}


def retrieve_webhook_endpoint(call: Call) -> JSON:
    call.read({})
    return store.get(call.db, call.account, "webhook_endpoint", call.id)


def list_webhook_endpoints(call: Call) -> JSON:
    params = call.read({name: reader for name, reader in PAGE.items() if name != "created"})
    return list_of(call, "webhook_endpoint", "/v1/webhook_endpoints", params, lambda _: True)


def update_webhook_endpoint(call: Call) -> JSON:
    endpoint = store.get(call.db, call.account, "webhook_endpoint", call.id)
    params = call.read(UPDATE)
    check_url("url", params.get("url") or endpoint["url"])
    if "disabled" in params:
        params["status"] = "disabled" if params.pop("disabled") else "enabled"
    return store.save(call.db, call.account, changed(endpoint, params))


def delete_webhook_endpoint(call: Call) -> JSON:
    call.read({})
    endpoint = store.get(call.db, call.account, "webhook_endpoint", call.id)
    store.delete(call.db, call.account, call.id)
    deliveries.forget_endpoint(call.db, call.account, call.id)
    return endpoint | {"deleted": True}


ROUTES: Routes = {
    ("GET", "/v1/webhook_endpoints"): list_webhook_endpoints,
    ("POST", "/v1/webhook_endpoints"): create_webhook_endpoint,
    ("GET", "/v1/webhook_endpoints/{id}"): retrieve_webhook_endpoint,
    ("POST", "/v1/webhook_endpoints/{id}"): update_webhook_endpoint,
    ("DELETE", "/v1/webhook_endpoints/{id}"): delete_webhook_endpoint,
}
