"""Forms as the SDK encodes them: `a[b][0]=c`."""

import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from payments.sandbox.errors import invalid

Sent: TypeAlias = str | dict[str, "Sent"]

NAME = re.compile(r"[^\[\]]+(\[[^\[\]]*\])*")


def decode(form: str) -> dict[str, Sent]:
    """As {"a": {"b": {"0": "c"}}}. What is a list and what a hash, the reader knows."""
    root: dict[str, Sent] = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        if not NAME.fullmatch(name):
            raise invalid(name, f"Invalid parameter name: {name}")
        *parents, last = name.replace("]", "").split("[")
        node = root
        for parent in parents:
            child = node.setdefault(parent, {})
            if isinstance(child, str):
                raise invalid(name, f"Invalid object: {parent}")
            node = child
        node[last or str(len(node))] = value
    return root
