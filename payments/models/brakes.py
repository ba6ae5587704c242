"""How often somebody did something of late, and who has an order open: under keyed hashes, and for a while only."""

import time

from django.db import connection, models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from payments.models.statements import found

# https://www.sqlite.org/lang_upsert.html and PostgreSQL read the same; Django's own upsert cannot count.
COUNT_ONE_MORE = """
    INSERT INTO payments_tally (key, count, ends) VALUES (%s, 1, %s)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN payments_tally.ends <= %s THEN 1 ELSE payments_tally.count + 1 END,
        ends = CASE WHEN payments_tally.ends <= %s THEN excluded.ends ELSE payments_tally.ends END
    RETURNING count, ends
"""


def key_of(*parts: str) -> str:
    """Says nothing of an address or a name to who has the table but not the SECRET_KEY."""
    return salted_hmac("payments.brakes", repr(parts), algorithm="sha256").hexdigest()


class TallyManager(models.Manager["Tally"]):
    def one_more(self, key: str, *, seconds: int) -> tuple[int, int]:
        """How often it was by now, this time included, and in how many seconds that is forgotten.

        One statement, so that of many requests at once each is counted.
        """
        now = int(time.time())
        with connection.cursor() as cursor:
            cursor.execute(COUNT_ONE_MORE, [key, now + seconds, now, now])
            count, ends = cursor.fetchone()
        return count, ends - now

    def present(self, key: str) -> tuple[int, int]:
        """The same, without counting."""
        now = int(time.time())
        for tally in found(Tally, "key = %s AND ends > %s", [key, now]):
            return tally.count, tally.ends - now
        return 0, 0

    def forget(self, key: str) -> None:
        self.filter(key=key).delete()

    def forget_what_is_over(self) -> int:
        deleted, _ = self.filter(ends__lte=int(time.time())).delete()
        return deleted


class Tally(models.Model):
    key = models.CharField(_("key"), max_length=64, primary_key=True)
    count = models.PositiveIntegerField(_("count"))
    # In seconds since 1970, as both databases count them alike.
    ends = models.BigIntegerField(_("ends"), db_index=True)

    objects = TallyManager()

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")

    def __str__(self) -> str:
        return ngettext("%(count)s time", "%(count)s times", self.count) % {"count": self.count}


class OrderVisitor(models.Model):
    """Whose cards are declined on this order: who asked for its payment page last."""

    order = models.OneToOneField(
        "payments.Order", on_delete=models.CASCADE, primary_key=True, related_name="visitor", verbose_name=_("order")
    )
    visitor_key = models.CharField(_("visitor key"), max_length=64, blank=True)
    address_key = models.CharField(_("address key"), max_length=64, blank=True)
    noted = models.DateTimeField(_("noted"), auto_now=True, db_index=True)

    class Meta:
        verbose_name = _("visitor of an order")
        verbose_name_plural = _("visitors of orders")

    def __str__(self) -> str:
        return gettext("Visitor of order %(number)s") % {"number": self.order_id}
