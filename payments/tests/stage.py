"""A shop of its own in which everything has happened once, the same at every run: to look at its pages."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from payments.tests.shop_process import Shop, running_shop, sandbox_keypair

# Chromium is told where it is; the pages show it instead of a port that is another one each time.
HOST = "shop.example"
ORIGIN = f"http://{HOST}"
CLERK, CLERKS_PASSWORD = "clerk", "clerk-password"
SET_UP = "from payments.tests import everything_once; everything_once.set_up()"


@dataclass(frozen=True)
class Stage:
    shop: Shop
    # Addresses and cookies by name, and what a browser is answered when something is wrong.
    facts: dict[str, Any]

    @property
    def resolver_rules(self) -> str:
        """For Chromium's --host-resolver-rules."""
        return f"MAP {HOST} 127.0.0.1:{self.shop.port}"


@contextmanager
def running_stage(folder: Path) -> Iterator[Stage]:
    keypairs = sandbox_keypair("USD") | sandbox_keypair("EUR") | sandbox_keypair("JPY")
    environment = {"ALLOWED_HOSTS": f"{HOST},127.0.0.1", "LOG_LEVEL": "ERROR", "EMAIL_URL": "dummymail://"}
    with running_shop(folder, **environment, **keypairs) as shop:
        yield Stage(shop, json.loads(shop.manage("shell", "-v0", "-c", SET_UP)))
