"""The shop's own settings with a fixed environment: a developer's `.env` and real keys never reach a test."""

import os
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="storefront-tests-"))

for name in [name for name in os.environ if name.startswith("STRIPE_")]:
    del os.environ[name]

os.environ.update(
    ENV_FILE="no.env",
    DEBUG="False",
    SECRET_KEY="only-for-tests-only-for-tests-only-for-tests-only-for-tests",
    HTTPS="False",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    LOG_FORMAT="json",
    METRICS_TOKEN="only-for-tests",
    LIMIT_BUYS="0,0",
    LIMIT_INTENTS="0,0",
    LIMIT_CODES="0,0",
    LIMIT_DECLINES="0,0",
    LIMIT_LOGINS="0,0",
    EMAIL_URL="memorymail://",
    # Tests have more buyers at once than a process has threads.
    WEB_THREADS="400",
    STRIPE_SANDBOX_DATABASE=str(FOLDER / "sandbox.sqlite3"),
)
for currency in ("USD", "EUR", "JPY"):
    os.environ[f"STRIPE_{currency}_PUBLISHABLE_KEY"] = f"pk_test_sandbox_{currency.lower()}"
    os.environ[f"STRIPE_{currency}_SECRET_KEY"] = f"sk_test_sandbox_{currency.lower()}"
    os.environ[f"STRIPE_{currency}_WEBHOOK_SECRET"] = f"whsec_sandbox_{currency.lower()}"

from storefront.settings import *  # noqa: E402, F403

# Hashing a password slowly is for people; test users are made by the hundred.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Nothing is collected for the tests, and what was for the shop is not read for each of their clients.
STATIC_ROOT = FOLDER / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in the shop: a database in memory locks whole tables, and threads could not be tested.
    DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "test.sqlite3")}  # noqa: F405
