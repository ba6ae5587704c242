"""The balance: what succeeded, per currency. Stripe takes its fee; the stand-in takes none."""

from collections import Counter

from payments.sandbox import store
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.store import JSON


def retrieve_balance(call: Call) -> JSON:
    call.read({})
    amounts: Counter[str] = Counter()
    for charge in store.newest_first(call.db, call.account, "charge"):
        if charge["status"] == "succeeded":
            amounts[charge["currency"]] += charge["amount"] - charge["amount_refunded"]
    available = [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(amounts.items())
    ]
    return {"object": "balance", "available": available, "livemode": False, "pending": []}


ROUTES: Routes = {("GET", "/v1/balance"): retrieve_balance}
