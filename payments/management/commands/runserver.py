"""The development server, listening where HOST and PORT say."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from whitenoise.runserver_nostatic.management.commands.runserver import Command as WhiteNoiseCommand


class Command(WhiteNoiseCommand):  # type: ignore[misc]
    default_addr = os.environ.get("HOST") or "127.0.0.1"
    default_port = os.environ.get("PORT") or "8000"

    def run(self, **options: Any) -> None:
        if not settings.DEBUG and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
            raise CommandError("The static files are not collected: use `make dev`, or run collectstatic first.")
        super().run(**options)
