"""Balance transactions: what every movement of an account's money left in its books. The stand-in takes no fee."""

import sqlite3

from payments.sandbox import clock, store
from payments.sandbox.http.lists import PAGE, list_of
from payments.sandbox.http.parameters import NotServed, Parameter, Text
from payments.sandbox.http.routing import Call, Routes
from payments.sandbox.ids import new_id
from payments.sandbox.store import JSON

FILTERS: dict[str, Parameter] = {"currency": Text(), "payout": NotServed(), "source": Text(), "type": Text()}


def record(
    db: sqlite3.Connection, account: str, source: JSON, *, type: str, amount: int, description: str, category: str = ""
) -> JSON:
    """`source` is the charge, refund or dispute that moved the money; `amount` is negative for what leaves."""
    return store.save(
        db,
        account,
        {
            "id": new_id("txn_3"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": clock.now(),
            "balance_type": "payments",
            "created": clock.now(),
            "currency": source["currency"],
            "description": description,
            "exchange_rate": None,
            "fee": 0,
            "fee_details": [],
            "net": amount,
            "reporting_category": category or type,
            "source": source["id"],
            "status": "available",
            "type": type,
        },
    )


def retrieve_balance_transaction(call: Call) -> JSON:
    call.read({})
    return store.get(call.db, call.account, "balance_transaction", call.id)


def list_balance_transactions(call: Call) -> JSON:
    params = call.read(PAGE | FILTERS)
    wanted = {name: params[name] for name in FILTERS if name in params}
    return list_of(
        call,
        "balance_transaction",
        "/v1/balance_transactions",
        params,
        lambda transaction: wanted.items() <= transaction.items(),
    )


ROUTES: Routes = {
    ("GET", "/v1/balance_transactions"): list_balance_transactions,
    ("GET", "/v1/balance_transactions/{id}"): retrieve_balance_transaction,
}
