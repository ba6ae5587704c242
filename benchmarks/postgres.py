"""A PostgreSQL of the benchmark's own, as its package sets it up, on a free port and gone afterwards."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from payments.tests.shop_process import free_port

# Enough for two processes of 128 threads each, and eight of fewer.
OPTIONS = "-c max_connections=600 -c shared_buffers=256MB"


@contextmanager
def own_postgres() -> Iterator[str]:
    """The address of the server; empty where PostgreSQL is not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not programs:
        yield ""
        return
    folder, port = Path(tempfile.mkdtemp(prefix="storefront-bench-")), free_port()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    run(programs[-1] / "initdb", "-D", folder / "data", "-A", "trust", "-U", "shop")
    options = f"-p {port} -k {folder} {OPTIONS}"
    run(programs[-1] / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgres://shop@127.0.0.1:{port}/postgres"
    finally:
        run(programs[-1] / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def run(*command: object) -> None:
    """As nobody who may do everything: PostgreSQL refuses to run as root."""
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run(list(map(str, command)), user=user, check=True, stdout=subprocess.DEVNULL, cwd="/")
