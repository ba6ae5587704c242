"""Whatever is sent, the shop answers in words: never with an error of its own."""

from django.test import Client

from payments.models import Item, Order
from storefront.entrance import refusal_of

JSON = {"Accept": "application/json"}
COUNTS = [("TOTAL", "1"), ("INITIAL", "0")]


def test_nothing_sent_makes_the_shop_fail(client: Client, admin_client: Client, usd_mug: Item) -> None:
    huge, nul = "9" * 40, "%00"
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    client.post(f"/cart/add/{usd_mug.pk}", {"quantity": "1"})
    found = {}
    for who in (client, admin_client):
        for path in (
            *(f"/item/{huge}", f"/buy/{huge}", f"/buy/{nul}", f"/order/{huge}", f"/item/by_order/{huge}"),
            *(f"/item/by_order/{usd_mug.pk}?before={huge}", f"/item/by_order/{usd_mug.pk}?before=", "/cart?x=%00"),
            *(f"/order/{order.uuid}/success?session_id={nul}", f"/order/{order.uuid}/success?payment_intent={nul}x"),
            *(f"/?after={huge}", "/?currency=%00", f"/buy/{usd_mug.pk}?quantity=%00", f"/order/{'0' * 4400}1"),
        ):
            found[path] = who.get(path, headers=JSON).status_code
    for path, values in (
        *((f"/cart/add/{huge}", {}), (f"/cart/change/{huge}", {"quantity": "1"}), (f"/cart/remove/{huge}", {})),
        *(("/cart/code", {"code": "\0"}), ("/cart/code", {"code": "x" * 5000}), ("/cart/checkout", {"content": "\0"})),
        *((f"/intent/{huge}", {}), ("/intent/\u0661", {}), (f"/cart/add/{usd_mug.pk}", {"unit_amount": huge})),
        (f"/buy/{usd_mug.pk}", {"unit_amount": "\0", "currency": "\0"}),
    ):
        found[path] = client.post(path, values).status_code
    for body in ("[]", "null", '{"quantity": null}', '{"quantity": 1e400}', '{"code": {"a": 1}}', '{"content": []}'):
        for path in (f"/buy/{usd_mug.pk}", "/cart/code", "/cart/checkout", f"/cart/add/{usd_mug.pk}"):
            found[path + body] = client.post(path, body, "application/json", headers=JSON).status_code
    assert {path: status for path, status in found.items() if status >= 500} == {}


def test_an_origin_that_is_no_address_is_another_site(client: Client, usd_mug: Item) -> None:
    for origin in ("http://[", "http://a]b", "//", "\xff"):
        assert client.post(f"/cart/add/{usd_mug.pk}", headers={"Origin": origin}).status_code == 403


def test_rows_that_staffs_form_makes_up_are_shown_as_empty(admin_client: Client, usd_mug: Item) -> None:
    order = Order.objects.for_item(usd_mug, quantity=1, visitor="somebody")
    form = {f"{rows}-{kind}_FORMS": count for rows in ("lines", "payments") for kind, count in COUNTS}
    assert admin_client.post(f"/admin/payments/order/{order.pk}/change/", form).status_code == 200


def test_at_the_door_a_nul_is_refused_and_a_cookie_of_ours_is_not() -> None:
    nul = ({"HTTP_COOKIE": r'sessionid="abcdefgh\000"'}, {"QUERY_STRING": "type=%00"}, {"PATH_INFO": "/buy/\0"})
    assert [refusal_of(environ)[0] for environ in nul if refusal_of(environ)] == ["400 Bad Request"] * 3  # type: ignore[index]
    assert refusal_of({"HTTP_COOKIE": r'note="\073"', "QUERY_STRING": "a=%2500", "PATH_INFO": "/"}) is None
