"""A shop's database with as many items and orders as wanted, made by the database itself, in one statement a table.

Row number `i` is the same in a small database and in a large one. The first thousand have enough of each state to fill
a page of every list; after them come believable shares. The first 900 orders are of a quiet year, two years ago; the
others came each half a minute, up to now.
"""

# ruff: noqa: S608  (names and numbers of our own)

import time
from contextlib import closing
from dataclasses import dataclass

from payments.tests.shop_process import connection_to

FIRST = 1000
DAY = 86_400
QUIET_ORDERS, SECONDS_BETWEEN = 900, 31.5
# Ids of items leave a gap after the first thousand, so that the first part of the sitemap is the same.
GAP = 4000
CURRENCIES = ("USD", "EUR", "JPY")
NAMES = ("ann", "bob", "cleo", "dan", "eve", "finn", "gina", "hugo", "ida", "jon")
MATERIALS = ("Stoneware", "Porcelain", "Enamel", "Walnut", "Linen", "Copper", "Glass", "Bamboo")
THINGS = ("mug", "bowl", "plate", "tray", "jug", "vase", "cup", "teapot", "lamp", "spoon", "board")
# Of the first thousand orders, by the last digit of their number; and of the others, by one of a thousand.
FEW = ("free", "processing", "open", "over", "partly", "fully", "disputed", "won", "lost", "new")
KINDS = {10: "free", 14: "new", 100: "over", 130: "partly", 150: "fully", 151: "disputed", 153: "won", 156: "lost"}
UNDER_WAY = 2800
TAKEN = "('partly', 'fully', 'disputed', 'won', 'lost', 'twice', 'paid')"
MIXED = "(i * 2654435761 % 4294967296)"

# What SQLite says in its own way: a time by its seconds, and a UUID by a number.
WORDS = {
    "sqlite": {"at": "datetime({}, 'unixepoch')", "uuid": "printf('%032x', {})"},
    "postgres": {"at": "to_timestamp({})", "uuid": "lpad(to_hex({}), 32, '0')::uuid"},
}
# Made once and thrown away if the machine fails meanwhile; the rows refer to what is there.
QUICK = {
    "sqlite": "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; "
    "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF",
    "postgres": "SET synchronous_commit = off; SET session_replication_role = replica; SET work_mem = '256MB'; "
    "SET maintenance_work_mem = '256MB'",
}
DONE = {"sqlite": "PRAGMA journal_mode = WAL; ANALYZE", "postgres": "VACUUM ANALYZE"}
# All that are not part of their table: a full table gets them faster than one that grows.
INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name LIKE 'payments_%'",
    "postgres": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'payments_%' "
    "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexname::regclass)",
}


def seed(database_url: str, *, items: int, orders: int) -> None:
    """Fill a new database, which has all tables and nobody's rows in them but an administrator's."""
    kind = "sqlite" if database_url.startswith("sqlite") else "postgres"
    rows = Rows(kind, items, orders, int(time.time()))
    with closing(connection_to(database_url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(INDEXES[kind])
        indexes = dict(cursor.fetchall())
        dropped = [f"DROP INDEX {name}" for name in indexes]
        for statement in (*QUICK[kind].split("; "), *dropped, *rows.statements(), *indexes.values()):
            cursor.execute(statement)
        for table in ("item", "order", "payment", "discount", "tax") if kind == "postgres" else ():
            name = f"payments_{table}"
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}")
        for statement in DONE[kind].split("; "):
            cursor.execute(statement)


def item_id(number: int) -> int:
    return number if number <= FIRST else number + GAP


@dataclass(frozen=True)
class Rows:
    kind: str
    items: int
    orders: int
    now: int

    def at(self, seconds: str) -> str:
        return WORDS[self.kind]["at"].format(seconds)

    def uuid(self, number: str) -> str:
        return WORDS[self.kind]["uuid"].format(f"CAST({number} AS bigint)")

    def statements(self) -> tuple[str, ...]:
        adjustments = (self.discounts(), self.taxes())
        orders = (self.plan(), self.order_rows(), *self.line_rows(), self.order_taxes(), self.visitors())
        return (*adjustments, self.item_rows(), *orders, *self.payment_rows(), *self.told())

    def numbers(self, count: int) -> str:
        return f"WITH RECURSIVE n(i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < {count})"

    def discounts(self) -> str:
        now = self.at(str(self.now))
        return (
            "INSERT INTO payments_discount (id, name, percent, code, active, created) VALUES "
            f"(1, 'Spring', 10, 'SPRING', TRUE, {now}), (2, 'For friends', 100, '', TRUE, {now})"
        )

    def taxes(self) -> str:
        return (
            "INSERT INTO payments_tax (id, display_name, percentage, inclusive, jurisdiction, active, automatic, "
            f"currencies, created) VALUES (1, 'VAT', 19, TRUE, 'Germany', TRUE, TRUE, 'EUR', {self.at(str(self.now))})"
        )

    def item_rows(self) -> str:
        material = f"CASE WHEN i <= {FIRST} AND i % 50 = 7 THEN 'Zebrawood' ELSE {one_of(MIXED, MATERIALS)} END"
        seldom = f"(CASE WHEN i <= {FIRST} THEN i * 50 % 1000 ELSE {MIXED} % 1000 END)"
        return f"""
            INSERT INTO payments_item
                (id, name, description, currency, price, picture, on_sale, stock, created, changed)
            {self.numbers(self.items)}
            SELECT {id_of("i")}, {material} || ' ' || {one_of(f"{MIXED} / 8", THINGS)} || ' ' || {letters()},
                'Made by hand, so that none is like the other. It holds what it is made for, and lasts.',
                {one_of("i", CURRENCIES)},
                CASE WHEN i % 3 = 2 THEN {unit_amount("i")} ELSE {unit_amount("i")} / 100.0 END, '',
                NOT {seldom} BETWEEN 900 AND 999,
                CASE WHEN {seldom} < 100 THEN 0 WHEN {seldom} < 200 THEN 3 WHEN {seldom} < 400 THEN 500 END,
                {self.at(f"{self.now} - 700 * {DAY}")}, {self.at(f"{self.now} - i % 500 * {DAY}")}
            FROM n"""

    def plan(self) -> str:
        """What each order is made of, by numbers alone."""
        recent = f"i > {self.orders - UNDER_WAY}"
        kinds = " ".join(f"WHEN {MIXED} % 1000 < {below} THEN '{kind}'" for below, kind in KINDS.items())
        usual = f"CASE {kinds} WHEN {MIXED} % 1000 < 157 THEN 'twice' ELSE 'paid' END"
        kind = (
            f"CASE WHEN i <= {FIRST} THEN {one_of('i', FEW)} WHEN {recent} AND {MIXED} % 1000 < 100 THEN 'open' "
            f"WHEN {recent} AND {MIXED} % 1000 < 104 THEN 'processing' ELSE {usual} END"
        )
        quiet = f"{self.now} - 730 * {DAY} + i * 365 * {DAY} / {QUIET_ORDERS}"
        created = (
            f"CASE WHEN i <= {QUIET_ORDERS} THEN {quiet} "
            f"ELSE {self.now} - CAST(({self.orders} - i) * {SECONDS_BETWEEN} AS bigint) END"
        )
        # One order in three has what sells best in its currency.
        kept = f"({self.items} - 6) / 3"
        other = f"1 + {MIXED} / 10 % (CAST({kept} AS int))"
        first = f"i % 3 + 3 * (CASE WHEN {MIXED} / 1000 % 100 < 40 THEN 1 ELSE {other} END)"
        second = f"CASE WHEN i % 2 = 0 THEN i % 3 + 3 * (1 + {MIXED} / 17 % (CAST({kept} AS int))) END"
        return f"""
            CREATE TEMPORARY TABLE plan AS {self.numbers(self.orders)},
            planned AS (
                SELECT i, {kind} AS kind, {one_of("i", CURRENCIES)} AS currency, {created} AS created,
                    {first} AS first, {second} AS second, 1 + {MIXED} / 100 % 3 AS quantity
                FROM n
            )
            SELECT *, quantity * {unit_amount("first")} + COALESCE({unit_amount("second")}, 0) AS subtotal,
                CASE WHEN kind = 'free' THEN 100 WHEN {MIXED} % 20 = 11 THEN 10 ELSE 0 END AS percent
            FROM planned"""

    def order_rows(self) -> str:
        status = (
            f"CASE WHEN kind IN {TAKEN} OR kind = 'free' THEN 'paid' WHEN kind = 'processing' THEN kind "
            "ELSE 'pending' END"
        )
        off = "CASE WHEN kind <> 'new' THEN subtotal * percent / 100 END"
        name = f"{one_of(f'CASE WHEN i <= {FIRST} THEN i % 100 ELSE {MIXED} END', NAMES)}"
        shopper = f"CASE WHEN i <= {FIRST} THEN i % 100 ELSE {FIRST} + {MIXED} % ({self.orders} / 3 + 1) END"
        return f"""
            INSERT INTO payments_order (id, purchase, uuid, currency, status, refunded, dispute, purchase_key,
                discount_id, discount_name, discount_percent, discount_off, subtotal_amount, discount_amount,
                total_amount, holds_stock, email, language, created, paid_at)
            SELECT i, {self.uuid("(CASE WHEN i % 33 = 0 THEN i - 1 ELSE i END) * 2654435761 + 2")},
                {self.uuid("i * 2654435761 + 1")}, currency, {status},
                CASE WHEN kind IN ('partly', 'fully') THEN kind ELSE 'not' END,
                CASE kind WHEN 'disputed' THEN 'open' WHEN 'won' THEN kind WHEN 'lost' THEN kind ELSE 'none' END,
                CASE WHEN kind = 'open' THEN 'key' || i ELSE '' END,
                CASE percent WHEN 100 THEN 2 WHEN 10 THEN 1 END,
                CASE percent WHEN 100 THEN 'For friends' WHEN 10 THEN 'Spring' ELSE '' END,
                CASE WHEN percent > 0 THEN percent END, 0,
                CASE WHEN kind <> 'new' THEN subtotal END, {off}, subtotal - ({off}),
                kind = 'open' AND i % 4 = 0, {name} || '.' || {shopper} || '@example.com', 'en',
                {self.at("created")}, CASE WHEN {status} = 'paid' THEN {self.at("created + 120")} END
            FROM plan ORDER BY i"""

    def line_rows(self) -> tuple[str, ...]:
        def rows(number: str, quantity: str) -> str:
            return f"""
                INSERT INTO payments_orderline (order_id, item_id, name, currency, unit_amount, quantity, held)
                SELECT i, item.id, item.name, plan.currency, {unit_amount(number)}, {quantity}, 0
                FROM plan JOIN payments_item item ON item.id = {id_of(number)} ORDER BY i"""

        return rows("first", "quantity"), rows("second", "1")

    def order_taxes(self) -> str:
        return """
            INSERT INTO payments_ordertax
                (order_id, tax_id, display_name, percentage, inclusive, jurisdiction, amount)
            SELECT i, 1, 'VAT', 19, TRUE, 'Germany', (subtotal - subtotal * percent / 100) * 19 / 119
            FROM plan WHERE currency = 'EUR' ORDER BY i"""

    def visitors(self) -> str:
        return f"""
            INSERT INTO payments_ordervisitor (order_id, visitor_key, address_key, noted)
            SELECT i, 'visitor' || i, 'address' || i, {self.at("created")} FROM plan
            WHERE i > {self.orders - 2 * UNDER_WAY} AND kind <> 'new'"""

    def payment_rows(self) -> tuple[str, ...]:
        status = f"CASE WHEN kind IN {TAKEN} THEN 'paid' WHEN kind = 'over' THEN 'failed' ELSE kind END"
        again = f"kind IN ('over', 'twice') OR (kind = 'partly' AND i <= {FIRST})"
        return (
            self.attempts(1, status, "kind NOT IN ('free', 'new')"),
            self.attempts(2, "CASE kind WHEN 'over' THEN 'expired' ELSE 'duplicate' END", again),
            self.refunds("succeeded", "kind IN ('partly', 'fully')", "CASE kind WHEN 'partly' THEN 1 ELSE 2 END"),
            self.refunds("failed", f"kind = 'fully' AND (i <= {FIRST} OR i % 50 = 1)", "1"),
            self.refunds("pending", f"kind = 'partly' AND (i <= {FIRST} OR i > {self.orders - UNDER_WAY})", "1"),
            self.disputes(),
        )

    def attempts(self, number: int, status: str, which: str) -> str:
        is_intent = "i / 7 % 4 = 0"
        return f"""
            INSERT INTO payments_payment (order_id, attempt, method, status, publishable_key, livemode, currency,
                amount, refunded_amount, terms, checkout_session_id, payment_intent_id, url, problem, created, changed,
                ended_at)
            SELECT i, {number}, CASE WHEN {is_intent} THEN 'intent' ELSE 'checkout' END, status,
                'pk_test_bench_' || lower(currency), FALSE, currency, amount,
                CASE WHEN {number} = 1 AND kind IN ('partly', 'fully') THEN amount / 2 ELSE 0 END, 'terms',
                CASE WHEN {is_intent} THEN '' ELSE 'cs_test_{number}' || {MIXED} END,
                CASE WHEN {is_intent} OR kind IN {TAKEN} THEN 'pi_{number}' || {MIXED} ELSE '' END, '',
                CASE WHEN status = 'duplicate' THEN 'This order had been paid before: refund this payment.' ELSE '' END,
                {self.at("created")}, {self.at("created + 120")},
                CASE WHEN status NOT IN ('open', 'processing') THEN {self.at("created + 120")} END
            FROM (SELECT *, {status} AS status, subtotal - subtotal * percent / 100 AS amount
                FROM plan WHERE {which}) AS offered ORDER BY i"""

    def refunds(self, status: str, which: str, share: str) -> str:
        failed_at = self.at("plan.created + 9000") if status == "failed" else "NULL"
        reason = one_of("i / 10", ("requested_by_customer", "duplicate", "fraudulent"))
        return f"""
            INSERT INTO payments_refund (payment_id, token, key_number, stripe_id, amount, status, reason, note,
                problem, created, failed_at, changed)
            SELECT payment.id, {self.uuid(f"payment.id * 2654435761 + {len(status)}")}, 0,
                're_{status}' || payment.id, payment.amount * {share} / 4 + 1, '{status}', {reason}, '', '',
                {self.at("plan.created + 5000")}, {failed_at}, {self.at("plan.created + 9000")}
            FROM plan JOIN payments_payment payment ON payment.order_id = i AND payment.status = 'paid'
            WHERE {which} ORDER BY i"""

    def disputes(self) -> str:
        at, back = self.at("plan.created + 600000"), self.at("plan.created + 900000")
        return f"""
            INSERT INTO payments_dispute (payment_id, stripe_id, status, reason, amount, currency, is_charge_refundable,
                withdrawn_amount, withdrawn_at, reinstated_amount, reinstated_at, created, asked_at, changed)
            SELECT payment.id, 'du_' || payment.id, CASE kind WHEN 'disputed' THEN 'needs_response' ELSE kind END,
                'fraudulent', payment.amount, payment.currency, FALSE, payment.amount, {at},
                CASE kind WHEN 'won' THEN payment.amount ELSE 0 END, CASE kind WHEN 'won' THEN {back} END,
                {at}, {back}, {back}
            FROM plan JOIN payments_payment payment ON payment.order_id = i AND payment.status = 'paid'
            WHERE kind IN ('disputed', 'won', 'lost') ORDER BY i"""

    def told(self) -> tuple[str, ...]:
        """Events, mails and what staff did."""
        few = ("settled", "settled", "settled", "settled", "ignored", "not_ours", "refused", "received", "settled")
        usual = (
            f"CASE {MIXED} % 1000 WHEN 0 THEN 'ignored' WHEN 1 THEN 'not_ours' WHEN 2 THEN 'refused' ELSE 'settled' END"
        )
        outcome = f"CASE WHEN i <= {FIRST} THEN {one_of('i % 10', (*few, 'settled'))} ELSE {usual} END"
        type = (
            "CASE payment.status WHEN 'failed' THEN 'payment_intent.payment_failed' WHEN 'expired' THEN "
            "'checkout.session.expired' WHEN 'processing' THEN 'payment_intent.processing' "
            "ELSE 'checkout.session.completed' END"
        )
        object_id = (
            "CASE payment.checkout_session_id WHEN '' THEN payment.payment_intent_id ELSE checkout_session_id END"
        )
        payload = (
            """'{"id": "evt_' || payment.id || '", "object": "event", "livemode": false, "data": {"object": {"id": """
            """"' || object_id || '", "amount_total": ' || payment.amount || ', "payment_status": "paid"}}}'"""
        )
        return (
            f"""
            INSERT INTO payments_stripeevent (account, event_id, type, livemode, object_id, payload, is_cut_down,
                was_fetched, outcome, problem, failures, failed_at, last_failure, received, changed)
            SELECT publishable_key, 'evt_' || payment.id, type, FALSE, object_id, {payload},
                payment.at < {self.now} - 30 * {DAY}, i % 10 = 8 AND (i <= {FIRST} OR i % 70 = 8), outcome, '',
                CASE outcome WHEN 'received' THEN 3 ELSE 0 END,
                CASE outcome WHEN 'received' THEN {self.at("payment.at + 180")} END, '',
                {self.at("payment.at + 130")}, {self.at("payment.at + 131")}
            FROM (
                SELECT payment.*, i, plan.created AS at, {type} AS type, {object_id} AS object_id, {outcome} AS outcome
                FROM plan JOIN payments_payment payment ON payment.order_id = i
                WHERE payment.status <> 'open'
            ) AS payment ORDER BY i""",
            f"""
            INSERT INTO payments_orderemail (order_id, kind, recipient, page, created, sent_at, failures)
            SELECT i, 'confirmation', 'told@example.com', '', {self.at("created + 120")},
                CASE WHEN i >= 200 OR i % 10 <> 4 THEN {self.at("created + 122")} END, 0
            FROM plan WHERE kind = 'free' OR kind IN {TAKEN} ORDER BY i""",
            f"""
            INSERT INTO payments_orderchange (order_id, kind, by_name, detail, created)
            SELECT i, 'made', 'admin', '', {self.at("created")} FROM plan WHERE kind = 'new' ORDER BY i""",
        )


def one_of(number: str, words: tuple[str, ...]) -> str:
    cases = " ".join(f"WHEN {place} THEN '{word}'" for place, word in enumerate(words))
    return f"CASE ({number}) % {len(words)} {cases} END"


def letters() -> str:
    """As many as tell a million items apart, and no digits: whoever looks for a number wants one item."""
    places = [f"CAST(1 + {MIXED} / {20**place} % 20 AS int)" for place in range(5)]
    return " || ".join(f"substr('BCDFGHJKLMNPQRSTVWXZ', {place}, 1)" for place in places)


def id_of(number: str) -> str:
    return f"CASE WHEN {number} <= {FIRST} THEN {number} ELSE {number} + {GAP} END"


def unit_amount(number: str) -> str:
    return f"(500 + {number} * 37 % 900 * 10)"
