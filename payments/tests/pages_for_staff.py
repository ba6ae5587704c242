"""The admin's pages. A new page is one more line."""

from payments.tests.places import Place
from payments.tests.stage import CLERK, CLERKS_PASSWORD
from payments.tests.steps import Step, attach, choose, fill, press, see, send, tick


def admin(name: str, path: str, *steps: Step) -> Place:
    return Place(f"admin-{name}", f"/admin/{path}", steps, is_staffs=True)


def signing_in(name: str, *steps: Step, as_: str = CLERK) -> Place:
    form = fill(username=as_, password=CLERKS_PASSWORD), send("#login-form")
    return Place(f"admin-{name}", "/admin/login/", (*form, *steps))


def with_items(name: str, action: str, *steps: Step) -> Place:
    chosen = tick(".action-select", 3), choose(action=action), press("[name=index]")
    return admin(name, "payments/item/?currency=USD", *chosen, *steps)


def importing(name: str, rows: str, *steps: Step) -> Place:
    return admin(name, "payments/item/import/", attach("file", HEADER + rows), send("#import-form"), *steps)


def board(name: str, month: str, *steps: Step) -> Place:
    return admin(name, f"board/?period=own&first=2026-{month}-01&last=2026-{month}-28", *steps)


HEADER = "id,name,price,currency\n"
GOOD_ROWS = "1,Stoneware Mug,26.00,USD\n,Enamel Bowl,14.50,EUR\n"
BAD_ROWS = ",,twelve,USD\n,Enamel Jug,19.999,GBP\n"
COMPARE = press("#board-1 button")
COPY = "payments/item/1/copy/"
REFUND = "payments/payment/{payment_paid}/refund/"

START = [
    Place("admin-login", "/admin/login/"),
    signing_in("login-refused", see(".errornote"), as_="nobody"),
    signing_in("index-of-a-clerk", see("#logout-form")),
    signing_in("logged-out", press("#logout-form button"), see("body:not(:has(#user-tools)) #content")),
    admin("index", ""),
    admin("rooms", "payments/"),
    admin("guide", "guide/"),
    admin("guide-examined", "guide/", press("form[action$='examination/'] button"), see(".findings")),
    board("board", "03"),
    board("board-empty", "02"),
    admin("board-wrong", "board/?period=own&first=2026-03-31&last=2026-03-01"),
    board("board-agrees", "02", COMPARE, see(".board-good")),
    board("board-differs", "03", COMPARE, see(".board-bad")),
]
ITEMS = [
    admin("items", "payments/item/"),
    admin("items-none-found", "payments/item/?q=nonsense"),
    admin("item", "payments/item/1/change/"),
    admin("item-add", "payments/item/add/"),
    admin("item-wrong", "payments/item/add/", press("[name=_save]"), see(".errornote")),
    admin("item-copy", COPY),
    admin("item-copy-wrong", COPY, send("#copy-form"), see(".errorlist")),
    admin("item-copy-shown", COPY, choose(currency="EUR"), fill(rate="0.9"), send("#copy-form"), see("#copies-form")),
    with_items("items-copy", "copy_items", see("#copy-form")),
    with_items("items-prices", "change_prices", see("#percent-form")),
    with_items("items-prices-shown", "change_prices", fill(percent="7.5"), send("#percent-form"), see("#prices-form")),
    with_items("items-delete", "delete_selected", see("form:has([name=post]) [type=submit]")),
    admin("item-import", "payments/item/import/"),
    admin("item-import-without-file", "payments/item/import/", send("#import-form"), see(".errorlist")),
    importing("item-import-shown", GOOD_ROWS, see("#good-rows")),
    importing("item-import-refused", GOOD_ROWS + BAD_ROWS, see("#refused-rows")),
    admin("item-history", "payments/item/1/history/"),
    admin("item-delete", "payments/item/1/delete/"),
]
ORDERS = [
    admin("orders", "payments/order/"),
    admin("orders-none-found", "payments/order/?q=nobody@example.com"),
    admin("order", "payments/order/{order_paid_number}/change/"),
    admin("order-pending", "payments/order/{order_pending_number}/change/"),
    admin("order-refunded", "payments/order/{order_partly_refunded_number}/change/"),
    admin("order-disputed", "payments/order/{order_disputed_number}/change/"),
    admin("order-history", "payments/order/{order_pending_number}/history/"),
    admin("packing-slip", "payments/order/packing-slips/?order={order_paid_number}"),
    admin("packing-slip-unpaid", "payments/order/packing-slips/?order={order_pending_number}"),
    admin("packing-slip-none", "payments/order/packing-slips/"),
    admin("order-add", "payments/order/add/"),
    admin(
        "order-looking-up", "payments/order/add/", press(".select2-selection"), see(".select2-results [role=option]")
    ),
    admin("order-wrong", "payments/order/add/", press("[name=_save]"), see(".errornote")),
    admin("payments", "payments/payment/"),
    admin("payment", "payments/payment/{payment_paid}/change/"),
    admin("payment-disputed", "payments/payment/{payment_disputed}/change/"),
    admin("refund", REFUND),
    admin("refund-wrong", REFUND, fill(amount="99999"), press("#content .default"), see(".errorlist")),
    admin("refund-confirm", REFUND, press("#content .default"), see("[name=confirmed]")),
    admin("refunds", "payments/refund/"),
    admin("refund-of-a-payment", "payments/refund/1/change/"),
    admin("disputes", "payments/dispute/"),
    admin("dispute", "payments/dispute/1/change/"),
]
OTHERS = [
    admin("discounts", "payments/discount/"),
    admin("discount", "payments/discount/2/change/"),
    admin("discount-add", "payments/discount/add/"),
    admin("taxes", "payments/tax/"),
    admin("tax", "payments/tax/1/change/"),
    admin("tax-add", "payments/tax/add/"),
    admin("events", "payments/stripeevent/"),
    admin("event", "payments/stripeevent/1/change/"),
    admin("users", "auth/user/"),
    admin("user", "auth/user/1/change/"),
    admin("user-add", "auth/user/add/"),
    admin("user-password", "auth/user/1/password/"),
    admin("groups", "auth/group/"),
    admin("group-add", "auth/group/add/"),
    admin("password", "password_change/"),
    admin(
        "password-wrong",
        "password_change/",
        fill(old_password="guessed", new_password1="1", new_password2="2"),
        send("#content form"),
        see(".errornote"),
    ),
    admin("password-changed", "password_change/done/"),
]
ADMIN = [*START, *ITEMS, *ORDERS, *OTHERS]
