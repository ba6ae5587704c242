"""Make `.env` from `.env.example`, with fresh secrets, if there is none: `python -m storefront.dotenv`."""

import os
import re
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def make_dotenv(root: Path = ROOT) -> bool:
    """Whether a file was made; one that exists is never touched."""
    text = (root / ".env.example").read_text()
    text = fill_in(text, "SECRET_KEY", secrets.token_urlsafe(50))
    text = fill_in(text, "DJANGO_SUPERUSER_PASSWORD", secrets.token_urlsafe(9))
    try:
        # Readable for its owner alone: real keys will be written into it.
        file = os.open(root / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(file, "w") as dotenv:
        dotenv.write(text)
    return True


def fill_in(text: str, name: str, value: str) -> str:
    return re.sub(rf"^{name}=$", f"{name}={value}", text, flags=re.MULTILINE)


if __name__ == "__main__":
    make_dotenv()
