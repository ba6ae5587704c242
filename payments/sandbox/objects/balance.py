"""The balance: what succeeded and neither went back nor is contested, per currency. The stand-in takes no fee."""

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
    for dispute in store.newest_first(call.db, call.account, "dispute"):
        amounts[dispute["currency"]] += sum(moved["amount"] for moved in dispute["balance_transactions"])
    available = [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(amounts.items())
    ]
    return {"object": "balance", "available": available, "livemode": False, "pending": []}


ROUTES: Routes = {("GET", "/v1/balance"): retrieve_balance}
