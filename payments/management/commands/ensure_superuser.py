"""Make the administrator named in the environment, if there is none of that name."""

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Makes the administrator of DJANGO_SUPERUSER_USERNAME, _EMAIL and _PASSWORD unless there is one of that name. "
        "An existing account is left as it is, its password too."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model().objects
        username, password = required("DJANGO_SUPERUSER_USERNAME"), required("DJANGO_SUPERUSER_PASSWORD")
        if users.filter(username=username).exists():
            self.stdout.write(f"The administrator {username} is there already.")
            return
        users.create_superuser(username, os.environ.get("DJANGO_SUPERUSER_EMAIL", ""), password)
        self.stdout.write(f"The administrator {username} was made.")


def required(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise CommandError(f"{name} is not set: set it in the environment or in .env.")
    return value
