"""How the shop is served, everywhere: `gunicorn --config python:storefront.gunicorn`."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from storefront.env import Environment

try:
    env = Environment.of_project()
    host = env.text("HOST", "127.0.0.1").strip("[]")
    bind = f"{f'[{host}]' if ':' in host else host}:{env.integer('PORT', 8000, minimum=1, maximum=65535)}"
    # Processes use the cores, threads hold the waiting for Stripe.
    workers = env.integer("WEB_CONCURRENCY", 2, minimum=1)
    threads = env.web_threads
    counts = bool(env.text("METRICS_TOKEN"))
except ImproperlyConfigured as error:
    sys.exit(f"The shop does not start. {error}")

wsgi_app = "storefront.wsgi"
worker_class = "storefront.worker.Worker"
# The configuration is checked once; a wrong one ends the start instead of restarting workers for ever.
preload_app = True
graceful_timeout = 30
keepalive = 5
# Workers show that they live by touching a file: memory answers faster than a container's disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
loglevel = "warning"
# Only Django decides whom to believe that a request came by https: see BEHIND_PROXY.
secure_scheme_headers: dict[str, str] = {}
# Nobody may say by a header where the shop is mounted.
forwarder_headers = ""


def count_together() -> None:
    """Each worker counts into a file of its own, and whoever is asked for the metrics reads all of them.

    It must be said before the counters are imported. A new start begins at zero, as Prometheus expects.
    """
    folder, owner = tempfile.mkdtemp(prefix="storefront-metrics-"), os.getpid()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    # The workers inherit what is to be done at the end, and must not do it.
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == owner else None)


if counts:
    count_together()
