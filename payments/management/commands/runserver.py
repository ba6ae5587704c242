"""The development server, listening where HOST and PORT say."""

import os

from whitenoise.runserver_nostatic.management.commands.runserver import Command as WhiteNoiseCommand


class Command(WhiteNoiseCommand):  # type: ignore[misc]
    default_addr = os.environ.get("HOST") or "127.0.0.1"
    default_port = os.environ.get("PORT") or "8000"
