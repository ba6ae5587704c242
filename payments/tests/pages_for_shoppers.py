"""The shop's pages, those that stand in for Stripe's, and the mails. A new page is one more line."""

from payments.tests.places import Place
from payments.tests.steps import Step, fill, press, refused, see, slip_in, stay, tick, wait_forever, within


def give_card(number: str) -> Step:
    """Into the card form of the shop's own page; no webhook tells of it."""
    card = fill(number=number, expiry="12 / 34", cvc="123")
    lost = press("details:has([name=webhook]) summary"), tick("[name=webhook][value=lose]")
    return within("#pay-element iframe", card, *lost)


def for_staff(name: str, path: str, *steps: Step) -> Place:
    return Place(name, f"/sandbox/{path}", steps, is_staffs=True)


def pay_here(name: str, *steps: Step) -> Place:
    return Place(name, "/order/{order_on_our_page}/pay", (see("#pay-here-button:enabled"), *steps))


CODE = fill(code="NONSENSE"), press("[formaction$='/cart/code']")
ADDRESS = fill(email="shopper@example.com")

SHOP = [
    Place("catalog", "/"),
    Place("catalog-of-a-currency", "/?currency=EUR"),
    Place("catalog-older", "/?after=7"),
    Place("catalog-empty", "/?currency=JPY"),
    Place("item", "/item/1"),
    Place("item-with-tax", "/item/2"),
    Place("item-few-left", "/item/{few_left}"),
    Place("item-sold-out", "/item/{sold_out}"),
    Place("item-not-on-sale", "/item/{not_on_sale}"),
    Place("item-added", "/item/1", (stay, press("[formaction$='/cart/add/1']"), see("#said .said"))),
    Place("item-at-work", "/item/1", (wait_forever, press("#buy-button"), see("#buy-button:disabled"))),
    Place("item-new-price", "/item/1", (slip_in(unit_amount="1"), press("#buy-button"), see("#buy-problem"))),
    Place("cart-empty", "/cart"),
    Place("cart", "/cart", cart="cart_discounted"),
    Place("cart-with-problems", "/cart", cart="cart_with_problems"),
    Place("cart-unreachable", "/cart", (refused("**/cart/code"), *CODE, see("#said .error")), cart="cart_discounted"),
    Place("order-pending", "/order/{order_pending}"),
    Place("order-canceled", "/order/{order_pending}/cancel"),
    Place("order-processing", "/order/{order_processing}"),
    Place("order-paid", "/order/{order_paid}"),
    Place("order-free", "/order/{order_free}"),
    Place("order-partly-refunded", "/order/{order_partly_refunded}"),
    Place("order-refunded", "/order/{order_refunded}"),
    Place("order-of-two", "/order/{order_of_two}"),
    Place("pay", "/order/{order_pending}/pay", (see("#pay-here-button:enabled"),)),
    pay_here("pay-without-card", ADDRESS, press("#pay-here-button"), see("#pay-problem")),
    pay_here("pay-declined", ADDRESS, give_card("4000 0000 0000 0002"), press("#pay-here-button"), see("#pay-problem")),
    pay_here("pay-confirm", ADDRESS, give_card("4000 0025 0000 3155"), press("#pay-here-button"), see("dialog iframe")),
    Place(
        "pay-blocked",
        "/order/{order_pending}",
        (refused("**/sandbox/stripe*.js"), press("#pay-here"), see("#pay-problem")),
    ),
    Place("problem-400", problem="400"),
    Place("problem-403", problem="403"),
    Place("problem-403-form", problem="403-form"),
    Place("problem-404", "/item/999999"),
    Place("problem-405", problem="405"),
    Place("problem-409", problem="409"),
    Place("problem-429", problem="429"),
    Place("problem-500", problem="500"),
    Place("problem-503", problem="503"),
]
STAND_IN = [
    Place("stripe-checkout", "{session_open}"),
    Place("stripe-checkout-wrong", "{session_open}", (press("button.pay"), see(".wrong"))),
    Place("stripe-checkout-declined", "{session_declined}"),
    Place("stripe-confirm", "{session_confirm}/confirm"),
    Place("stripe-closed", "{session_paid}"),
    Place("stripe-refused", "{session_refused}"),
    Place("stripe-expired", "{session_expired}"),
    Place("stripe-not-found", "/sandbox/checkout/cs_test_none"),
    for_staff("stripe-dashboard", "payments/{intent_paid}"),
    for_staff("stripe-dashboard-disputed", "payments/{intent_disputed}"),
    for_staff(
        "stripe-dashboard-wrong",
        "payments/{intent_paid}",
        fill(amount="0"),
        press("[value=refund]"),
        see(".problem"),
    ),
]
MAILS = [
    for_staff("mails", "emails"),
    for_staff("mail-confirmation", "emails/confirmation/html?language={language}"),
    for_staff("mail-payment-link", "emails/payment_link/html?language={language}"),
    for_staff("mail-refund", "emails/refund/html?language={language}"),
    for_staff("mail-refund-failed", "emails/refund_failed/html?language={language}"),
]
