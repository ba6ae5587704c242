"""Does the ring work? Each account is asked, with each of its keys; what it answers is said in words."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import endpoints
from payments.errors import KeyLacksPermission, KeyNotAccepted, StripeRefused, StripeUnreachable
from payments.gateway import accounts
from payments.gateway.accounts import Account, WebhookEndpoint
from payments.gateway.keys import Keypair
from payments.gateway.objects import PaymentIntent


class State(TextChoices):
    """Programs read the value, people the label; as with a subject."""

    OK = "ok", gettext_lazy("all right")
    # To be known, or to be done some time; nothing fails for it.
    NOTE = "note", gettext_lazy("worth knowing")
    WRONG = "wrong", gettext_lazy("wrong")


class Subject(TextChoices):
    SECRET_KEY = "secret key", gettext_lazy("secret key")
    PUBLISHABLE_KEY = "publishable key", gettext_lazy("publishable key")
    MODE = "mode", gettext_lazy("mode")
    CHARGES = "charges", gettext_lazy("charges")
    BOOKS = "books", gettext_lazy("books")
    WEBHOOK = "webhook", gettext_lazy("webhook")
    STRIPE = "Stripe", "Stripe"


@dataclass(frozen=True)
class Finding:
    subject: Subject
    state: State
    says: str


def examine(keypair: Keypair, url: str) -> list[Finding]:
    """What is found about a keypair; `url` is where events shall arrive, or empty where that is not known."""
    # What two keys of one account both say need not be said twice.
    return list(dict.fromkeys(findings_of(keypair, url)))


def findings_of(keypair: Keypair, url: str) -> Iterator[Finding]:
    if not (keypair.publishable_key and keypair.secret_key):
        yield Finding(Subject.SECRET_KEY, State.WRONG, _("a key is missing: `manage.py check` says which"))
        return
    try:
        for secret_key in keypair.secret_keys:
            yield from examine_key(keypair, secret_key)
        yield from examine_webhook(keypair, url)
    except StripeUnreachable:
        yield Finding(Subject.STRIPE, State.WRONG, _("does not answer, or not as Stripe does: try again in a minute"))


def examine_key(keypair: Keypair, secret_key: str) -> Iterator[Finding]:
    alone = replace(keypair, secret_key=secret_key, other_secret_keys=())
    try:
        yield from examine_account(alone)
        yield from examine_pair(alone)
        yield examine_books(alone)
    except KeyNotAccepted:
        if secret_key == keypair.secret_key:
            says = _("not accepted by Stripe: copy it again from the dashboard, or roll it there")
            yield Finding(Subject.SECRET_KEY, State.WRONG, says)
        else:
            yield Finding(
                Subject.SECRET_KEY, State.NOTE, _("the one behind the first is not accepted (any more): remove it")
            )


def examine_account(keypair: Keypair) -> Iterator[Finding]:
    """Raises KeyNotAccepted or StripeUnreachable."""
    try:
        account = accounts.retrieve_account(keypair)
    except KeyLacksPermission:
        yield Finding(
            Subject.SECRET_KEY, State.NOTE, _("accepted; being restricted, it may not say of which account it is")
        )
    except KeyNotAccepted:
        raise
    except StripeRefused:
        yield Finding(Subject.SECRET_KEY, State.WRONG, _("Stripe refuses to say of which account it is: see the log"))
    else:
        yield Finding(Subject.SECRET_KEY, State.OK, _("accepted, of account %(account)s") % {"account": named(account)})
        yield charges_of(account, keypair)


def named(account: Account) -> str:
    return f"{account.id} ({account.name})" if account.name else account.id


def charges_of(account: Account, keypair: Keypair) -> Finding:
    if account.charges_enabled:
        return Finding(Subject.CHARGES, State.OK, _("enabled"))
    if keypair.retired:
        return Finding(
            Subject.CHARGES, State.NOTE, _("not enabled, and not needed: nothing is sold by a retired account")
        )
    return Finding(Subject.CHARGES, State.WRONG, _("not enabled: the dashboard says what Stripe still wants to know"))


def examine_pair(keypair: Keypair) -> Iterator[Finding]:
    """Raises KeyNotAccepted or StripeUnreachable."""
    try:
        intent = accounts.some_payment_intent(keypair)
    except KeyNotAccepted:
        raise
    except KeyLacksPermission:
        says = _("it may not write PaymentIntents, so nothing can be sold: allow it in the dashboard")
        yield Finding(Subject.SECRET_KEY, State.WRONG, says)
    except StripeRefused:
        says = _("Stripe makes no PaymentIntent in %(currency)s with it: see the log")
        yield Finding(Subject.SECRET_KEY, State.WRONG, says % {"currency": keypair.currency})
    else:
        yield mode_of(intent, keypair)
        yield publishable_key_of(keypair, intent)


def mode_of(intent: PaymentIntent, keypair: Keypair) -> Finding:
    if intent.livemode is keypair.livemode:
        return Finding(Subject.MODE, State.OK, _("live") if intent.livemode else _("test"))
    if intent.livemode:
        return Finding(Subject.MODE, State.WRONG, _("live, although the secret key says test"))
    return Finding(Subject.MODE, State.WRONG, _("test, although the secret key says live"))


def publishable_key_of(keypair: Keypair, intent: PaymentIntent) -> Finding:
    try:
        same = accounts.publishable_key_opens(keypair, intent)
    except KeyNotAccepted:
        if keypair.retired:
            says = _("not accepted (any more), and not needed: former payments are found by it, so leave it as it is")
            return Finding(Subject.PUBLISHABLE_KEY, State.NOTE, says)
        return Finding(
            Subject.PUBLISHABLE_KEY, State.WRONG, _("not accepted by Stripe: copy it again from the dashboard")
        )
    except StripeRefused:
        return Finding(Subject.PUBLISHABLE_KEY, State.WRONG, _("Stripe refuses to answer it: see the log"))
    if same:
        return Finding(Subject.PUBLISHABLE_KEY, State.OK, _("of the same account"))
    says = _("of another account than the secret key: copy both from one, or shoppers cannot pay here")
    return Finding(Subject.PUBLISHABLE_KEY, State.WRONG, says)


def examine_books(keypair: Keypair) -> Finding:
    """The board is compared with them; the shop sells without. Raises KeyNotAccepted or StripeUnreachable."""
    try:
        accounts.read_books(keypair)
    except KeyNotAccepted:
        raise
    except KeyLacksPermission:
        says = _(
            "the restricted key may not read them, so the board cannot be compared with them: allow it to read Balance "
            "Transaction Sources, Charges and Refunds, and Disputes"
        )
        return Finding(Subject.BOOKS, State.NOTE, says)
    except StripeRefused:
        says = _("Stripe refuses to show them, so the board cannot be compared with them: see the log")
        return Finding(Subject.BOOKS, State.NOTE, says)
    return Finding(Subject.BOOKS, State.OK, _("the board can be compared with them"))


def examine_webhook(keypair: Keypair, url: str) -> Iterator[Finding]:
    """Raises StripeUnreachable."""
    if not keypair.webhook_secrets:
        yield Finding(
            Subject.WEBHOOK, State.WRONG, _("no signing secret is set: `manage.py register_webhooks` tells one")
        )
    if not url:
        yield Finding(
            Subject.WEBHOOK, State.NOTE, _("not looked at: set SHOP_ORIGIN, or say --origin https://shop.example")
        )
        return
    try:
        yield from examine_endpoints(endpoints.endpoints_at(keypair, url), url)
    except KeyLacksPermission:
        says = _("not looked at: the restricted key may not read Webhook Endpoints; allow it, or look in the dashboard")
        yield Finding(Subject.WEBHOOK, State.NOTE, says)
    except KeyNotAccepted:
        # It was said already.
        return
    except StripeRefused:
        yield Finding(Subject.WEBHOOK, State.WRONG, _("Stripe refuses to list the account's endpoints: see the log"))


def examine_endpoints(present: list[WebhookEndpoint], url: str) -> Iterator[Finding]:
    if not present:
        says = _("none at %(url)s: run `manage.py register_webhooks`") % {"url": url}
        yield Finding(Subject.WEBHOOK, State.WRONG, says)
        return
    best, *others = present
    problems = endpoints.problems_of(best)
    if problems:
        says = _("%(endpoint)s at %(url)s: %(problems)s: run `manage.py register_webhooks`")
        values = {"endpoint": best.id, "url": url, "problems": "; ".join(problems)}
        yield Finding(Subject.WEBHOOK, State.WRONG, says % values)
    else:
        says = _("%(endpoint)s at %(url)s, with our events and version") % {"endpoint": best.id, "url": url}
        yield Finding(Subject.WEBHOOK, State.OK, says)
    for other in others:
        says = _("%(endpoint)s is at the same address: delete it, its events come twice") % {"endpoint": other.id}
        yield Finding(Subject.WEBHOOK, State.NOTE, says)
