"""An item's picture is a file of the shop or of another server, in no more pixels than are shown."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.finders import get_finder
from django.core.exceptions import ValidationError
from django.test import Client
from djmoney.money import Money

from payments.models import Item


@pytest.mark.django_db
@pytest.mark.parametrize(
    "picture",
    [
        *("http://cdn.example/mug.png", "javascript://x", "javascript:alert(1)", "data:x", "https://"),
        *("../.env", "/etc/passwd", "pictures/mugg.svg"),
    ],
)
def test_a_picture_from_anywhere_else_is_refused(picture: str) -> None:
    with pytest.raises(ValidationError, match="picture"):
        Item(name="Mug", price=Money("5.00", "USD"), picture=picture).full_clean()


def test_a_picture_whose_file_was_removed_costs_no_page(usd_mug: Item, settings: Any) -> None:
    manifest = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": manifest}
    Item.objects.update(picture="pictures/removed.svg")
    assert Item.objects.get().picture_url == ""


@pytest.fixture
def mug_in_two_widths(tmp_path: Path, settings: Any) -> Iterator[None]:
    for name in ("mug.jpg", "mug-400w.jpg", "mug-800w.jpg"):
        (tmp_path / name).write_bytes(b"")
    settings.STATICFILES_DIRS = [tmp_path]
    get_finder.cache_clear()  # type: ignore[attr-defined]
    yield
    get_finder.cache_clear()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("mug_in_two_widths")
def test_a_phone_fetches_no_larger_picture_than_it_shows(client: Client, usd_mug: Item) -> None:
    Item.objects.update(picture="mug.jpg")
    for path, sizes in (
        ("/", "(min-width: 40rem) 16rem, 46vw"),
        (f"/item/{usd_mug.pk}", "(min-width: 48rem) 36rem, 100vw"),
    ):
        page = client.get(path).content.decode()
        assert f'srcset="/static/mug-400w.jpg 400w, /static/mug-800w.jpg 800w" sizes="{sizes}"' in page


@pytest.mark.parametrize("picture", ["", "pictures/stoneware-mug.svg", "https://cdn.example/mug.jpg", "other.jpg"])
@pytest.mark.usefixtures("mug_in_two_widths")
def test_a_picture_without_other_widths_is_fetched_as_it_is(client: Client, usd_mug: Item, picture: str) -> None:
    Item.objects.update(picture=picture)
    assert "srcset" not in client.get(f"/item/{usd_mug.pk}").content.decode()
