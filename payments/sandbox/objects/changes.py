"""Parameters of updates: an empty string takes away what was there."""

from dataclasses import dataclass

from payments.sandbox.http.encoding import Sent
from payments.sandbox.http.parameters import Metadata, Text, hash_of
from payments.sandbox.store import JSON


@dataclass(frozen=True)
class TextChange:
    """A text, or null for an empty string."""

    most: int = 5000
    required: bool = False

    def read(self, sent: Sent, at: str) -> str | None:
        return Text(most=self.most).read(sent, at) if sent else None


@dataclass(frozen=True)
class MetadataChange:
    """What to add, with an empty text for each key to remove; null to remove them all."""

    required: bool = False

    def read(self, sent: Sent, at: str) -> dict[str, str] | None:
        if sent == "":
            return None
        kept = Metadata().read(sent, at)
        return dict.fromkeys(hash_of(sent, at), "") | kept


def changed(document: JSON, params: JSON) -> JSON:
    """The document with the parameters of an update; metadata is merged key by key."""
    changes = dict(params)
    if "metadata" in changes:
        metadata = document["metadata"] | changes["metadata"] if changes["metadata"] is not None else {}
        changes["metadata"] = {name: value for name, value in metadata.items() if value}
    return document | changes
