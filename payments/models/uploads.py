"""A spreadsheet between the page that shows what it would change and the one that does it.

In the database, since the second page may be another server's.
"""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import User

KEPT_FOR = timedelta(days=1)
# A clerk corrects a file a few times; each may have a megabyte.
MOST_OF_USER = 10
MAXIMUM_NAME = 200


class UploadManager(models.Manager["Upload"]):
    def keep(self, user: "User", *, name: str, content: bytes) -> "Upload":
        """Beside the newest others of this user: whoever sends file after file does not fill the database."""
        self.forget_old()
        upload = self.create(user=user, name=name[:MAXIMUM_NAME], content=content)
        newest_first = self.filter(user=user).order_by("-created").values_list("pk", flat=True)
        self.filter(pk__in=list(newest_first[MOST_OF_USER:])).delete()
        return upload

    def forget_old(self) -> int:
        return self.filter(created__lt=timezone.now() - KEPT_FOR).delete()[0]


class Upload(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=MAXIMUM_NAME)
    content = models.BinaryField(_("content"))
    created = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    objects = UploadManager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        # Staff imports items, and has no business with the files themselves.
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
