"""docs/reliability.md promises nothing that no test shows, and leaves out no test of a fault."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
ABOUT_FAULTS = ("faults", "killed", "stripe_hangs", "ten_thousand_deliveries", "all_webhooks_lost")


def named() -> set[tuple[str, str]]:
    return set(NAMED.findall((TESTS.parents[1] / "docs" / "reliability.md").read_text()))


def written_in(file: str) -> set[tuple[str, str]]:
    return {(file, name) for name in re.findall(r"^def (test_\w+)\(", (TESTS / file).read_text(), re.MULTILINE)}


def test_each_row_names_a_test_that_exists() -> None:
    assert named()
    assert [row for row in sorted(named()) if row not in written_in(row[0])] == []


def test_each_test_of_a_fault_has_a_row() -> None:
    assert [
        test for topic in ABOUT_FAULTS for test in sorted(written_in(f"test_{topic}.py")) if test not in named()
    ] == []
