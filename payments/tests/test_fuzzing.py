"""Whatever is sent to whichever address, by a stranger or by staff: the shop answers, in its own words.

Quick by default. `FUZZ_EXAMPLES=5000` looks longer, and elsewhere each time.
"""

import io
import json
import os
import re
import secrets
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings as shop
from django.contrib.contenttypes.models import ContentType
from django.core.signals import got_request_exception, request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from django.urls import get_resolver, resolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stripe import WebhookSignature

from payments import refunds
from payments.gateway.keys import keypair_for
from payments.models import Discount, Dispute, Item, Order, OrderEmail, Payment, Refund, StripeEvent, Tax
from payments.tests.test_paying_here import PAYS, ask
from payments.webhooks import HANDLERS
from storefront.entrance import guarded

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
QUICK = 300
IS_DISPUTED = "4000 0000 0000 0259"
LIMIT = shop.DATA_UPLOAD_MAX_MEMORY_SIZE
application = guarded(get_wsgi_application())

fuzzed = settings(
    max_examples=EXAMPLES or QUICK,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


# --- Every address of urls.py -------------------------------------------------------------------------------------
def routes_below(patterns: Any, prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes_below(pattern.url_patterns, route)
        else:
            yield route


ROUTES = list(routes_below(get_resolver().url_patterns))
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
# They are no part of urls.py: middleware answers them.
BEFORE_ALL = ["healthz", "readyz", "metrics", "static/shop/shop.css", "static/none.css"]
ADMIN = [route for route in ROUTES if route.startswith("admin/")]
ELSEWHERE = sorted({route.rstrip("/") for route in ROUTES if not route.startswith("admin/")}) + BEFORE_ALL


def path_for(route: str, value: Callable[[str], str]) -> str:
    """The path of a route, with a value for each of its parameters, by name."""
    filled = PARAMETER.sub(lambda found: value(found[1] or found[2]).replace("\\", r"\\"), route)
    return "/" + re.sub(r"/\?\$$|[\^$]", "", filled)


@dataclass
class Known:
    """What there is: by the names of the parameters in urls.py, and who asks."""

    values: dict[str, list[str]]
    cookies: dict[str, dict[str, str]] = field(repr=False)


@pytest.fixture
def known(usd_mug: Item, eur_mug: Item, pay: Any, admin_user: Any, admin_client: Client, carry_webhooks: Any) -> Known:
    """A shop in which everything has happened once: paid, declined, refunded, disputed."""
    client = Client()
    Discount.objects.create(name="Spring", code="SPRING", percent=10)
    Tax.objects.create(display_name="VAT", percentage=20, inclusive=True, automatic=True, currencies="EUR")
    for item, card in ((usd_mug, PAYS), (eur_mug, IS_DISPUTED)):
        pay(client.get(f"/buy/{item.pk}").json()["url"], card, webhook="deliver")
        carry_webhooks()
    refunded = Payment.objects.get(currency="USD")
    refunds.refund(payment=refunded, amount=100, reason="duplicate", note="", by=admin_user, token=uuid.uuid4())
    client.get(f"/buy/{eur_mug.pk}?quantity=2")
    client.post(f"/cart/add/{usd_mug.pk}")
    client.post("/cart/code", {"code": "SPRING"})
    here = Order.objects.for_item(usd_mug, quantity=3, visitor="somebody")
    intent = ask(client, here).json()["client_secret"].partition("_secret_")[0]
    sessions = [payment.checkout_session_id for payment in Payment.objects.exclude(checkout_session_id="")]
    intents = [intent, *(payment.payment_intent_id for payment in Payment.objects.exclude(payment_intent_id=""))]
    kept: list[Any] = [Item, Order, Payment, StripeEvent, Discount, Tax, Refund, Dispute, type(admin_user)]
    csrf = {"csrftoken": secrets.token_hex(16)}
    return Known(
        values={
            "item_id": [str(usd_mug.pk), str(eur_mug.pk)],
            "order_id": [str(order.pk) for order in Order.objects.all()],
            "uuid": [str(order.uuid) for order in Order.objects.all()],
            "payment_id": [str(payment.pk) for payment in Payment.objects.all()],
            "object_id": sorted({str(row.pk) for model in kept for row in model.objects.all()}),
            "content_type_id": [str(ContentType.objects.get_for_model(Item).pk)],
            "app_label": ["payments", "auth"],
            "url": ["anything"],
            "kind": list(OrderEmail.Kind.values),
            "part": ["html", "text"],
            "number": ["0"],
            "id": [*sessions, *intents, str(admin_user.pk)],
        },
        cookies={
            "a stranger": csrf | {name: cookie.value for name, cookie in client.cookies.items()},
            "staff": csrf | {"sessionid": admin_client.cookies["sessionid"].value},
        },
    )


def test_every_address_of_the_shop_is_among_those_that_are_tried(known: Known) -> None:
    assert {"order/<uuid:uuid>/checkout", "webhooks/stripe", "admin/payments/order/<path:object_id>/change/"} < {
        *ROUTES
    }
    for route in ROUTES:
        assert parameters_of(route) <= set(known.values), f"Say in `known` what stands for the parameters of {route}."
        path = path_for(route, lambda name: known.values[name][0])
        assert resolve(path).route.replace("^", "") == route.replace("^", ""), f"{path} is not at {route}."


def parameters_of(route: str) -> set[str]:
    return {first or second for first, second in PARAMETER.findall(route)}


# --- What is sent -------------------------------------------------------------------------------------------------
SLIPPED_IN = '<fuzz onload="x">'
ODD = [
    *(
        "",
        " ",
        "0",
        "-1",
        "1",
        "2",
        "9" * 40,
        "9" * 4400,
        "1e400",
        "NaN",
        "0x1",
        "1.5",
        "1,5",
        "\u0661",
        "true",
        "null",
    ),
    *("\0", "a\0b", "\ud800", "\ufffe", "\u202e", "e\u0301" * 40, "\N{FULLWIDTH DIGIT ONE}", "\x1b[31m", "\r\nX-A: b"),
    *("%", "%00", "%zz", "../../etc/passwd", "..\\..", "//evil.example", "https://evil.example/", "javascript:x"),
    *("' OR 1=1 --", "{{7*7}}", "${7*7}", "=cmd|' /C calc'!A0", "[]", "{}", "a" * 300, "x" * 5000),
    *(SLIPPED_IN, f'"{SLIPPED_IN}', f"'>{SLIPPED_IN}", "2026-11-21", "0001-01-01", "9999-12-31", "USD", "SPRING"),
]
anything = st.one_of(st.sampled_from(ODD), st.text(max_size=20), st.integers().map(str))
# Without `_to_field`: an empty one, which only staff can send, Django's own admin takes for a field.
NAMES = """
    quantity unit_amount currency code content session_id payment_intent client_secret key after before next q o p e
    all _popup _changelist_filters _facets action _selected_action select_across index _save csrfmiddlewaretoken
    status__exact currency__exact on_sale__exact livemode type outcome__exact refunded__exact dispute__exact
    payment__currency currency created__year created__month created__day created__gte id__exact id__in lines__name
    order__id name description price_0 price_1 price picture stock on_sale initial-stock initial-price_0
    initial-price_1 form-TOTAL_FORMS form-INITIAL_FORMS form-0-id form-0-price_0 form-0-price_1 form-0-stock
    form-0-on_sale lines-TOTAL_FORMS lines-INITIAL_FORMS lines-MIN_NUM_FORMS lines-MAX_NUM_FORMS lines-0-item
    lines-0-quantity lines-0-id lines-0-order lines-0-DELETE payments-TOTAL_FORMS payments-INITIAL_FORMS discount taxes
    removed email percent amount amount_0 amount_1 starts_at_0 ends_at_1 maximum_uses display_name percentage inclusive
    reason note token confirmed act dispute number expiry cvc webhook bank answer username password password1 password2
    usable_password user_permissions groups old_password new_password1 new_password2 app_label model_name field_name
    term locale language
""".split()
FORMSETS = {name: "1" for name in NAMES if name.endswith("TOTAL_FORMS")} | {
    name: "0" for name in NAMES if name.endswith("INITIAL_FORMS")
}
names = st.one_of(st.sampled_from(NAMES), st.sampled_from(NAMES), anything)


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


pairs = st.lists(st.tuples(names.map(as_bytes), anything.map(as_bytes)), max_size=8)
queries = st.one_of(
    st.just(""),
    pairs.map(urlencode),
    st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="#"), max_size=40),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(ODD), st.text(max_size=10)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=4)),
    max_leaves=8,
)
FORM, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data; boundary=edge", "application/json"


def multipart(fields: list[tuple[bytes, bytes]], file: bytes) -> bytes:
    parts = [b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % pair for pair in fields]
    parts.append(b'Content-Disposition: form-data; name="picture"; filename="%s"\r\n\r\n%s' % (file, file))
    return b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"


def deep(opened: str, closed: str) -> bytes:
    return (opened * 20_000 + closed * 20_000).encode()


bodies = st.one_of(
    st.tuples(st.just(FORM), pairs.map(lambda fields: urlencode(fields).encode())),
    st.tuples(st.just(FORM), pairs.map(lambda fields: urlencode([*FORMSETS.items(), *fields]).encode())),
    st.tuples(st.just(MULTIPART), st.builds(multipart, pairs, st.binary(max_size=20))),
    st.tuples(st.just(JSON), values.map(lambda value: as_bytes(json.dumps(value, ensure_ascii=False)))),
    st.tuples(st.just(JSON), st.dictionaries(names, values, max_size=4).map(lambda value: json.dumps(value).encode())),
    st.tuples(
        st.sampled_from(
            [
                *("", FORM, JSON, "multipart/form-data", "multipart/form-data; boundary=", MULTIPART, "text/plain"),
                *("x; charset*=foo''%41", "a/b; charset=utf-16", "a/b; charset=hex", "\xff", ";", "a" * 3000),
                *(f"{FORM}; charset=latin-1", "multipart/form-data; boundary=\xe9", "multipart/mixed; boundary=edge"),
            ]
        ),
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from([b"--edge\r\n", b"--edge\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!\r\n--edge--"]),
            st.sampled_from([b"&".join(b"a=b" for _ in range(1200)), deep("[", "]"), deep('{"a":', "}")]),
        ),
    ),
)

# A server lets no control character through.
header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
HEADERS = {
    "ACCEPT": [
        "application/json",
        "text/html",
        "*/*",
        "text/html; a*=foo''%41",
        "application/json;q=x",
        ",;,",
        "\xff/\xff",
    ],
    "ACCEPT_LANGUAGE": ["de-CH,de;q=0.9", "*", "en;q=NaN", "x-" * 300, "zh-hant-tw", "../..", "\xe4", "en_US.UTF-8@x"],
    "ACCEPT_ENCODING": ["gzip, br", "gzip;q=x", "\xff"],
    "HOST": [
        "testserver:80",
        "testserver:99999999",
        "evil.example",
        "testserver, evil.example",
        "[::1",
        "",
        "\xfc",
        "a" * 300,
    ],
    "ORIGIN": [
        "null",
        "http://testserver",
        "https://evil.example",
        "http://[",
        "//",
        "http://\xe9",
        "http://a]b",
        "x:y",
    ],
    "REFERER": [
        "http://testserver/item/1",
        "http://[",
        "//evil.example",
        "javascript:x",
        f"http://testserver/?{SLIPPED_IN}",
    ],
    "SEC_FETCH_SITE": ["same-origin", "cross-site", "none", "\xff"],
    "SEC_FETCH_MODE": ["navigate", "cors"],
    "SEC_FETCH_DEST": ["document", "image", "iframe"],
    "X_FORWARDED_FOR": [
        "192.0.2.1",
        "a, b, c",
        ",,,",
        "[2001:db8::1]:99",
        "fe80::1%eth0",
        "fe80::%",
        "1" * 500,
        "::ffff:1.2.3.4",
        ":",
    ],
    "X_FORWARDED_PROTO": ["https", "http", "https, http", "\xff"],
    "X_FORWARDED_HOST": ["evil.example", "["],
    "X_FORWARDED_PORT": ["x"],
    "X_REQUEST_ID": ["abcdefgh", SLIPPED_IN, "a" * 500],
    "X_REQUESTED_WITH": ["XMLHttpRequest"],
    "X_HTTP_METHOD_OVERRIDE": ["DELETE"],
    "X_CSRFTOKEN": ["", "\xff" * 32, "a" * 64],
    "IF_MODIFIED_SINCE": ["yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Jan 99999 00:00:00 GMT"],
    "IF_NONE_MATCH": ['"', "*", 'W/"'],
    "RANGE": ["bytes=0-", "bytes=9-1", "bytes=x", "bytes=-99999999999999999999"],
    "AUTHORIZATION": ["Bearer only-for-tests", "Bearer \xff", "Basic x"],
    "STRIPE_SIGNATURE": ["", "t=1,v1=x", "t=x", "t=\xb2,v1=\xe9", "t=" + "9" * 5000, "t=-1,t=2", ",,,"],
    "CONTENT_ENCODING": ["gzip"],
    "TRANSFER_ENCODING": ["chunked"],
}
headers = st.dictionaries(st.sampled_from(sorted(HEADERS)), st.none(), max_size=4).flatmap(
    lambda chosen: st.fixed_dictionaries(
        {name: st.one_of(st.sampled_from(HEADERS[name]), header_text) for name in chosen}
    )
)
COOKIES = ["sessionid", "csrftoken", "visitor", "cart", "messages", "django_language", "none"]
broken_cookies = st.dictionaries(
    st.sampled_from(COOKIES),
    st.one_of(
        st.sampled_from(
            [
                *(
                    "",
                    '"\\000"',
                    '"abcdefgh\\000"',
                    '"abcdefgh\\377"',
                    "x" * 43,
                    "x" * 4000,
                    "a:b:c",
                    ".eJw:1:x",
                    '"',
                    "\\",
                ),
                *(
                    "\xe9" * 43,
                    "12345678",
                    "a" * 32,
                    '["a"]',
                    ";;;",
                    "en-" + "x" * 600,
                    "." + "A" * 100 + ":1aaaaa:" + "b" * 43,
                ),
            ]
        ),
        header_text,
    ),
    max_size=3,
)
ENDS = ["", "", "/", "//", "%2f", "\0", "\udcff", ".json"]
METHODS = ["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND", "X" * 40]


@dataclass
class Sent:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    cookies: dict[str, str]
    content_type: str
    body: bytes

    def environ(self) -> dict[str, Any]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": as_bytes(self.path).decode("latin-1"),
            "QUERY_STRING": self.query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.1",
            "CONTENT_TYPE": self.content_type,
            "CONTENT_LENGTH": str(len(self.body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "HTTP_HOST": "testserver",
            "HTTP_COOKIE": cookie,
            **{f"HTTP_{name}": value for name, value in self.headers.items()},
        }


ORDINARY = {
    "quantity": "1",
    "code": "SPRING",
    "email": "shopper@example.com",
    "amount": "1",
    "act": "refund",
    **FORMSETS,
}
ASPECTS = ["path", "query", "headers", "cookies", "body", "method"]


@st.composite
def requests_of(draw: Any, known: Known, who: str) -> Sent:
    """As a program of ours would ask it, but for one or two aspects: nothing else gets far."""
    strange = draw(st.sets(st.sampled_from(ASPECTS), min_size=1, max_size=2))
    near, far = (ADMIN, ELSEWHERE) if who == "staff" else (ELSEWHERE, ADMIN)
    route = draw(st.one_of(*[st.sampled_from(near)] * 4, st.sampled_from(far)))

    def value(name: str) -> str:
        text: str = draw(anything if "path" in strange else st.sampled_from(known.values[name]))
        return text

    method = draw(st.sampled_from(METHODS if "method" in strange else ["GET", "POST", "POST"]))
    content_type, body = (FORM, urlencode(ORDINARY).encode()) if method == "POST" else ("", b"")
    return Sent(
        method,
        path_for(route, value) + draw(st.sampled_from(ENDS if "path" in strange else ["", "/"])),
        draw(queries) if "query" in strange else "",
        {"X_CSRFTOKEN": known.cookies[who]["csrftoken"]} | (draw(headers) if "headers" in strange else {}),
        known.cookies[who] | (draw(broken_cookies) if "cookies" in strange else {}),
        *(draw(bodies) if "body" in strange else (content_type, body)),
    )


# --- What is answered ---------------------------------------------------------------------------------------------
@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: str
    error: BaseException | None

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def answer_to(sent: Sent) -> Answer:
    """As the shop answers under its server. Nothing of it stays in the database."""
    errors: list[BaseException | None] = [None]
    begun: list[Any] = []

    def note_error(sender: Any, **kwargs: Any) -> None:
        errors.append(sys.exc_info()[1])

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        begun[:] = [status, headers]

    got_request_exception.connect(note_error)
    with one_connection(), transaction.atomic():
        parts = application(sent.environ(), start_response)
        body = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        transaction.set_rollback(True)
    got_request_exception.disconnect(note_error)
    return Answer(int(begun[0].split()[0]), begun[1], body.decode("utf-8", "replace"), errors[-1])


@contextmanager
def one_connection() -> Iterator[None]:
    """A request closes the connection before and after it, in which the test's own transaction is."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


# Of keys, of Python, of Django, and of the databases: nothing that a visitor should ever read.
FOREIGN = re.compile(
    r"sk_test_|whsec_|only-for-tests|Traceback|File \"|, line \d|Exception"
    r"|psycopg|sqlite3?|SELECT |django\.|DETAIL:|0x[0-9a-f]{8}"
)


def require_own_words(sent: Sent, answer: Answer) -> None:
    assert answer.error is None, f"{sent} -> {type(answer.error)} {answer.error}"
    assert answer.status < 500, f"{sent} -> {answer}"
    is_file = re.match("text/(css|javascript)", answer.header("Content-Type"))
    foreign = None if is_file else FOREIGN.search(answer.body)
    assert not foreign, f"{sent} -> {foreign}"
    if answer.header("Content-Type").startswith("text/html"):
        assert SLIPPED_IN not in answer.body, f"{sent} -> what was sent stands in the page"
    for name, value in answer.headers:
        assert not re.search(r"[\r\n\0]", name + value), f"{sent} -> {name}: {value!r}"
    elsewhere = urlsplit(answer.header("Location")).netloc
    assert re.fullmatch(r"(testserver(:\d+)?)?", elsewhere), f"{sent} -> {elsewhere}"


@pytest.fixture(autouse=True)
def braked_and_behind_a_proxy(settings: Any) -> None:
    """So that what reads the proxy's headers is tried too, and nobody is ever stopped."""
    settings.BEHIND_PROXY = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.LIMITS = dict.fromkeys(settings.LIMITS, (10**9, 10**9))


@pytest.mark.parametrize("who", ["a stranger", "staff"])
def test_whatever_is_sent_the_shop_answers_in_its_own_words(known: Known, who: str) -> None:
    @fuzzed
    @given(requests_of(known, who))
    def whatever(sent: Sent) -> None:
        require_own_words(sent, answer_to(sent))

    whatever()


@fuzzed
@given(data=st.data())
def test_whatever_an_account_signs_is_taken_or_refused(data: st.DataObject, known: Known) -> None:
    ids = st.one_of(st.sampled_from([*known.values["id"], *known.values["uuid"], *known.values["payment_id"]]), values)
    named = dict.fromkeys(("id", "client_reference_id", "payment_intent", "charge", "payment_method"), ids)
    metadata = st.one_of(st.fixed_dictionaries({"order": ids, "payment": ids}), values)
    amounts = dict.fromkeys(("amount", "amount_total", "currency", "status", "livemode", "last_payment_error"), values)
    subject = st.fixed_dictionaries({}, optional=named | amounts | {"metadata": metadata})
    whole = {
        "id": st.one_of(st.sampled_from(["evt_1", "evt_2"]), values),
        "type": st.one_of(st.sampled_from(sorted(HANDLERS)), values),
        "livemode": st.one_of(st.just(False), values),
        "data": st.one_of(st.fixed_dictionaries({"object": st.one_of(subject, values)}), values),
    }
    body = json.dumps(
        data.draw(st.one_of(st.fixed_dictionaries(whole), st.fixed_dictionaries({}, optional=whole), values))
    )
    signature = WebhookSignature.generate_signature_header(body, keypair_for("USD").webhook_secrets[0])
    sent = Sent("POST", "/webhooks/stripe", "", {"STRIPE_SIGNATURE": signature}, {}, JSON, body.encode())
    answer = answer_to(sent)
    require_own_words(sent, answer)
    assert answer.status in (200, 400), f"{sent} -> {answer}"


@pytest.mark.parametrize("content_type", [FORM, MULTIPART, JSON, ""])
def test_more_than_the_shop_reads_is_refused_at_every_address_before_it_is_read(content_type: str) -> None:
    for route in ROUTES:
        path = path_for(route, lambda name: "1")
        sent = Sent("POST", path, "", {}, {}, content_type, b"x" * (LIMIT + 1))
        assert status_and_read(sent.environ()) == (413, 0), path


@pytest.mark.parametrize(
    ("length", "status", "read"), [("", 303, 0), ("-1", 400, 0), ("x", 400, 0), ("9" * 5000, 400, 0)]
)
def test_a_length_that_is_none_is_no_way_around_the_limit(known: Known, length: str, status: int, read: int) -> None:
    sent = Sent("POST", "/cart/code", "", {}, known.cookies["a stranger"], FORM, b"code=" + b"x" * LIMIT)
    assert status_and_read(sent.environ() | {"CONTENT_LENGTH": length}) == (status, read)


def status_and_read(environ: dict[str, Any]) -> tuple[int, int]:
    """How it is answered, and how much of its body was read for that."""
    begun: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        begun.append(status)

    with one_connection():
        b"".join(application(environ, start_response))
    return int(begun[0].split()[0]), environ["wsgi.input"].tell()
