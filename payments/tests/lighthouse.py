"""`make lighthouse`: what Lighthouse says of the pages that most shoppers come to, served as they are deployed."""

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from statistics import median
from subprocess import PIPE, Popen, TimeoutExpired
from typing import Any

from payments.tests.browser_fixtures import chromium_path
from payments.tests.shop_process import ROOT, running_shop, sandbox_keypair

LIGHTHOUSE = ROOT / ".ci/node_modules/lighthouse/cli/index.js"
PAGES = {"catalog": "/", "item": "/item/1"}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LEAST = 95
# A machine that is busy for a moment makes one of them slow, and not the page; or it lets one of them not end at all.
REPORTS, MOST_RUNS = 3, 6
MOST_SECONDS, SECONDS_TO_LEAVE = 180, 20
# As root, in a container, Chromium has no sandbox of its own, and little shared memory.
CHROMIUM_FLAGS = "--headless=new --no-sandbox --disable-dev-shm-usage"
Report = dict[str, Any]


class NoReport(Exception):
    """A run has said nothing about the page: why, in its own last words."""


def main() -> None:
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        keypairs = sandbox_keypair("USD") | sandbox_keypair("EUR")
        with running_shop(Path(folder), LOG_LEVEL="ERROR", **keypairs) as shop:
            for name, path in PAGES.items():
                failed |= not is_good(name, reports_of(shop.url + path))
    sys.exit(1 if failed else 0)


def reports_of(address: str, most_runs: int = MOST_RUNS) -> list[Report]:
    """As many as there should be, unless too many runs come to nothing."""
    reports: list[Report] = []
    for run in range(1, most_runs + 1):
        try:
            reports.append(report_of(address))
        except NoReport as problem:
            say(f"Run {run} of at most {most_runs} for {address} made no report. {problem}")
        if len(reports) == REPORTS:
            break
    return reports


def report_of(address: str) -> Report:
    command = ["node", str(LIGHTHOUSE), address, "--output=json", f"--chrome-flags={CHROMIUM_FLAGS}"]
    return report_by(command, CHROME_PATH=chromium_path())


def report_by(command: list[str], most_seconds: float = MOST_SECONDS, **environment: str) -> Report:
    """Raises NoReport."""
    with Popen(command, env={**os.environ, **environment}, stdout=PIPE, stderr=PIPE, text=True) as process:
        try:
            said, complaints = process.communicate(timeout=most_seconds)
        except TimeoutExpired:
            raise NoReport(f"It was stopped after {most_seconds} seconds:\n{end_of(stop(process))}") from None
    report = read(said)
    if process.returncode or not has_scores(report):
        error = report.get("runtimeError", {}).get("message", "")
        raise NoReport(f"It ended with {process.returncode}. {error}\n{end_of(complaints)}")
    return report


def stop(process: Popen[str]) -> str:
    """Asked to, it takes its browser along. What it had to say."""
    process.send_signal(signal.SIGINT)
    try:
        return process.communicate(timeout=SECONDS_TO_LEAVE)[1]
    except TimeoutExpired:
        process.kill()
        return process.communicate()[1]


def read(said: str) -> Report:
    try:
        report: Report = json.loads(said)
    except ValueError:
        return {}
    return report


def has_scores(report: Report) -> bool:
    """Where a page could not be looked at, the report has none."""
    categories = report.get("categories", {})
    return all(categories.get(category, {}).get("score") is not None for category in CATEGORIES)


def end_of(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-8:])


def is_good(name: str, reports: list[Report]) -> bool:
    """Says the scores, and of those that are too low what was found wrong."""
    if len(reports) < REPORTS:
        say(f"{name}: not measured, only {len(reports)} of {REPORTS} reports were made")
        return False
    scores = {category: score_of(category, reports) for category in CATEGORIES}
    say(f"{name}: {', '.join(f'{category} {score}' for category, score in scores.items())}")
    low = [category for category, score in scores.items() if score < LEAST]
    for category in low:
        say(f"  {category} is less than {LEAST}: {', '.join(mistakes(category, reports[-1]))}")
    return not low


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def score_of(category: str, reports: list[Report]) -> int:
    """The median of the runs, from 0 to 100."""
    score: float = median(report["categories"][category]["score"] for report in reports)
    return round(100 * score)


def mistakes(category: str, report: Report) -> list[str]:
    audits = [report["audits"][part["id"]] for part in report["categories"][category]["auditRefs"] if part["weight"]]
    return [audit["title"] for audit in audits if audit["score"] is not None and audit["score"] < 1]


if __name__ == "__main__":
    main()
