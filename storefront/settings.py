"""Every setting, read once from the environment. `.env.example` explains each variable."""

import zoneinfo
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from payments.gateway.keys import read_keypairs, read_retired_keypairs, unknown_variables
from storefront import content_security, sentry
from storefront.env import Environment
from storefront.languages import languages_of
from storefront.log import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment.of_project()

# --- Safety -------------------------------------------------------------------------------------------------------
DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY", default="only-for-debugging" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set: set it to a long random text; or remove .env and use `make run`, which makes another."
    )
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", default=("127.0.0.1", "localhost", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

HTTPS = env.boolean("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.boolean("HSTS_SUBDOMAINS", default=False)
# Whether every other host of the domain speaks https is not for the shop to presume.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
BEHIND_PROXY = env.boolean("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies of ours write X-Forwarded-For: the last that many entries of it can be believed.
PROXY_COUNT = env.integer("PROXY_COUNT", default=1, minimum=1)
SESSION_COOKIE_HTTPONLY = True
# Only staff signs in: half a day is enough for a day's work, and a browser that was left open is signed out.
SESSION_COOKIE_AGE = 12 * 3600
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = content_security.policy(
    checkout_origin=" ".join(env.origins("STRIPE_CHECKOUT_ORIGIN")) or "https://checkout.stripe.com"
)
DEFAULT_EXCEPTION_REPORTER_FILTER = "storefront.redaction.ReporterFilter"

# --- Stripe -------------------------------------------------------------------------------------------------------
STRIPE_KEYPAIRS = read_keypairs(env.variables)
STRIPE_RETIRED_KEYPAIRS = read_retired_keypairs(env.variables)
STRIPE_UNKNOWN_VARIABLES = unknown_variables(env.variables)
STRIPE_API_BASE = env.http_url("STRIPE_API_BASE")
# Of the authorities that vouch for Stripe's servers; those that come with Stripe's SDK where none is named.
STRIPE_CA_BUNDLE = env.certificates("STRIPE_CA_BUNDLE")
MONEY_MOVES = any(keypair.livemode for keypair in STRIPE_KEYPAIRS.values())
# Keys made up for the stand-in send payments to it, unless a server is named above. Beside a real key, a check refuses
# to start.
STRIPE_SANDBOX = not STRIPE_API_BASE and any(keypair.is_sandbox for keypair in STRIPE_KEYPAIRS.values())
STRIPE_HTTP_CLIENT = "payments.sandbox.transport.SandboxClient" if STRIPE_SANDBOX else ""
STRIPE_SANDBOX_URLS = "payments.sandbox.urls"
STRIPE_SANDBOX_DEMO = "payments.sandbox.demo.month.fill"
STRIPE_SANDBOX_DATABASE = env.text("STRIPE_SANDBOX_DATABASE", default=str(BASE_DIR / "sandbox.sqlite3"))
STRIPE_SANDBOX_WEBHOOKS = env.choice("STRIPE_SANDBOX_WEBHOOKS", ("deliver", "lose"), default="deliver")
# For how long a webhook is kept as it came, with the shopper's name and address in it.
EVENT_PAYLOAD_DAYS = env.integer("EVENT_PAYLOAD_DAYS", default=30)
# How many threads of a process may wait for Stripe at once. Of the others two thirds may queue for a moment to do so;
# the rest shows pages, whatever Stripe does.
STRIPE_PLACES = max(1, env.web_threads * 4 // 5)
STRIPE_QUEUE = (env.web_threads - STRIPE_PLACES) * 2 // 3
STRIPE_JS_URL = "sandbox/stripe.js" if STRIPE_SANDBOX else "https://js.stripe.com/endive/stripe.js"

# --- The brake ----------------------------------------------------------------------------------------------------
# How often one visitor, and one address, may do what card testers and guessers do. Without a live key no card can be
# tested, and whoever measures the shop does so from one address.
LIMITS = {
    "buys": env.limits("LIMIT_BUYS", default=(20, 60 if MONEY_MOVES else 20_000)),
    "intents": env.limits("LIMIT_INTENTS", default=(40, 120 if MONEY_MOVES else 40_000)),
    "declines": env.limits("LIMIT_DECLINES", default=(8, 24 if MONEY_MOVES else 8_000)),
    # What can be guessed is worth as much with test keys.
    "codes": env.limits("LIMIT_CODES", default=(10, 40)),
    "logins": env.limits("LIMIT_LOGINS", default=(5, 50)),
}

# --- The project --------------------------------------------------------------------------------------------------
# Where Stripe reaches the shop; the commands that look at webhooks ask for it where it is not set.
SHOP_ORIGIN = env.http_url("SHOP_ORIGIN")
SHOP_NAME = env.text("SHOP_NAME", default="Storefront")
ROOT_URLCONF = "storefront.urls"
WSGI_APPLICATION = "storefront.wsgi.application"
INSTALLED_APPS = [
    "payments.apps.PaymentsConfig",
    "djmoney",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "payments.views.health.health",
    "storefront.request_log.request_log",
    "payments.views.patience.limited_patience",
    "django.middleware.security.SecurityMiddleware",
    "storefront.content_security.content_security",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "payments.views.negotiation.numbers_as_at_home",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "payments.views.problems.explain_refused_methods",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "payments.views.context.shop",
            ],
        },
    }
]
# In the visitor's own cookie: a session would be a row in the database for whoever throws the cookies away.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
# Every page's address works with and without a slash at its end, so nothing is redirected.
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# --- Database -----------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", default=BASE_DIR / "db.sqlite3")}
DATABASES["default"] |= {
    "CONN_MAX_AGE": env.integer("DATABASE_CONNECTION_SECONDS", default=600),
    "CONN_HEALTH_CHECKS": True,
    # Behind pgbouncer, the next statement may meet another connection than the one that has the cursor.
    "DISABLE_SERVER_SIDE_CURSORS": True,
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A write waits for its turn instead of failing, readers never wait, and what is paid survives a power cut.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        timeout=20,
        transaction_mode="IMMEDIATE",
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Language, time, money ----------------------------------------------------------------------------------------
# The texts are written in English, and each folder with a catalogue of translations is one more language.
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "payments" / "locale"]
LANGUAGES = languages_of(LOCALE_PATHS[0], LANGUAGE_CODE)
# What a visitor has chosen is kept for a year.
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE, LANGUAGE_COOKIE_SECURE = True, "Lax", HTTPS
TIME_ZONE = env.choice("TIME_ZONE", zoneinfo.available_timezones(), default="UTC", example="Europe/Berlin")
USE_TZ = True
# No currency is the usual one: django-money must be told, every time.
DEFAULT_CURRENCY = None

# --- Files that are served as they are ----------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Icons that browsers and phones look for without being told, at /favicon.ico and /apple-touch-icon.png.
WHITENOISE_ROOT = BASE_DIR / "static" / "root"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Mail, log and counters -------------------------------------------------------------------------------------------
vars().update(env.email("EMAIL_URL", default="consolemail://"))
# Whoever waits for a page may wait for the mail server as well.
EMAIL_TIMEOUT = 5
# Where links in mails lead to: what is mailed later has no request to tell.
LINK_ORIGIN = SHOP_ORIGIN or env.origin_of(ALLOWED_HOSTS[0].lstrip("*."), HTTPS)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("FROM_EMAIL", default="shop@localhost")
# Where answers to the shop's mails go; to the sender where nothing is set.
REPLY_TO = env.texts("REPLY_TO")
ADMINS = [(address, address) for address in env.texts("ERROR_REPORTS_TO")]
# Opens /metrics to whoever sends it as a bearer token.
METRICS_TOKEN = env.text("METRICS_TOKEN")
LOGGING = logging_config(
    # `text` is for people, `json` for programs.
    form=env.choice("LOG_FORMAT", ("text", "json"), default="text" if DEBUG else "json"),
    level=env.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO"),
    with_metrics=bool(METRICS_TOKEN),
)
if env.text("SENTRY_DSN"):
    sentry.start(env.text("SENTRY_DSN"))
