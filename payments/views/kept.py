"""Pages are kept as they were written, under everything they are made of: what changes makes another page at once."""

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response, patch_vary_headers

from payments.languages import language_of_numbers, language_of_texts
from payments.views.context import shop
from payments.views.heads import public_origin

# Of text in each process, which is some five hundred items' pages. What they are kept under takes about a quarter more.
MOST_BYTES = 4_000_000


@dataclass(frozen=True)
class KeptPage:
    content: bytes
    # Nothing in it is a secret that could be guessed by its length: it has no token, and nobody's name.
    compressed: bytes
    etag: str

    @classmethod
    def of(cls, text: str) -> "KeptPage":
        content = text.encode()
        etag = f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        return cls(content, gzip.compress(content, mtime=0), etag)

    def __len__(self) -> int:
        return len(self.content) + len(self.compressed)


class KeptPages:
    """The last ones that somebody asked for."""

    def __init__(self) -> None:
        self.pages: OrderedDict[Hashable, KeptPage] = OrderedDict()
        self.size = 0
        self.lock = Lock()

    def get(self, made_of: Hashable) -> KeptPage | None:
        with self.lock:
            if made_of in self.pages:
                self.pages.move_to_end(made_of)
            return self.pages.get(made_of)

    def keep(self, made_of: Hashable, page: KeptPage) -> None:
        with self.lock:
            # Two who asked at once have both written it.
            if made_of in self.pages:
                return
            self.pages[made_of] = page
            self.size += len(page)
            while self.size > MOST_BYTES:
                _, oldest = self.pages.popitem(last=False)
                self.size -= len(oldest)

    def clear(self) -> None:
        with self.lock:
            self.pages.clear()
            self.size = 0


kept_pages = KeptPages()


def kept(
    request: HttpRequest,
    template: str,
    *,
    address: str,
    made_of: Hashable,
    context: Callable[[], dict[str, Any]],
    keep: bool = True,
) -> HttpResponse:
    """The page at the canonical `address`, written by `template` if nothing is kept that was made of the same.

    `made_of` is all that `context` depends on but the address, the language and the shop's settings.
    """
    keep = keep and not has_own_words(request)
    of_shop = shop(request) | {"page_address": address}
    key = (template, made_of, *of_shop.values(), public_origin(request), language_of_texts(), language_of_numbers())
    page = kept_pages.get(key) if keep else None
    if page is None:
        page = KeptPage.of(render_to_string(template, context() | of_shop, request))
        if keep:
            kept_pages.keep(key, page)
    return answer(request, page)


def has_own_words(request: HttpRequest) -> bool:
    """Whether the page says something to this visitor alone; and who writes templates sees each change."""
    return "messages" in request.COOKIES or settings.DEBUG


def answer(request: HttpRequest, page: KeptPage) -> HttpResponse:
    """A browser asks each time whether it still holds, and gets the page only if it does not."""
    response = HttpResponse(page.content)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.content = page.compressed
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["ETag"] = page.etag
    patch_vary_headers(response, ["Accept-Encoding"])
    return get_conditional_response(request, etag=page.etag, response=response) or response
