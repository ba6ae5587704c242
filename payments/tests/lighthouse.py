"""`make lighthouse`: what Lighthouse says of the pages that most shoppers come to, served as they are deployed."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from payments.tests.browser_fixtures import chromium_path
from payments.tests.shop_process import ROOT, running_shop, sandbox_keypair

LIGHTHOUSE = ROOT / ".ci/node_modules/lighthouse/cli/index.js"
PAGES = {"catalog": "/", "item": "/item/1"}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LEAST = 95
# A machine that is busy for a moment makes one of them slow, and not the page.
RUNS = 3
# As root, in a container, Chromium has no sandbox of its own, and little shared memory.
CHROMIUM_FLAGS = "--headless=new --no-sandbox --disable-dev-shm-usage"
Report = dict[str, Any]


def main() -> None:
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        keypairs = sandbox_keypair("USD") | sandbox_keypair("EUR")
        with running_shop(Path(folder), LOG_LEVEL="ERROR", **keypairs) as shop:
            for name, path in PAGES.items():
                failed |= not is_good(name, [report_of(shop.url + path) for _ in range(RUNS)])
    sys.exit(1 if failed else 0)


def report_of(address: str) -> Report:
    command = ["node", str(LIGHTHOUSE), address, "--output=json", "--quiet", f"--chrome-flags={CHROMIUM_FLAGS}"]
    environment = {**os.environ, "CHROME_PATH": chromium_path()}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=180)
    report: Report = json.loads(done.stdout)
    return report


def is_good(name: str, reports: list[Report]) -> bool:
    """Says the scores, and of those that are too low what was found wrong."""
    scores = {category: score_of(category, reports) for category in CATEGORIES}
    sys.stdout.write(f"{name}: {', '.join(f'{category} {score}' for category, score in scores.items())}\n")
    low = [category for category, score in scores.items() if score < LEAST]
    for category in low:
        sys.stdout.write(f"  {category} is less than {LEAST}: {', '.join(mistakes(category, reports[-1]))}\n")
    return not low


def score_of(category: str, reports: list[Report]) -> int:
    """The median of the runs, from 0 to 100."""
    score: float = median(report["categories"][category]["score"] for report in reports)
    return round(100 * score)


def mistakes(category: str, report: Report) -> list[str]:
    audits = [report["audits"][part["id"]] for part in report["categories"][category]["auditRefs"] if part["weight"]]
    return [audit["title"] for audit in audits if audit["score"] is not None and audit["score"] < 1]


if __name__ == "__main__":
    main()
