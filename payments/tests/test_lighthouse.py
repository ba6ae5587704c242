"""`make lighthouse` decides by reports that were really made: a run that comes to nothing is told, and tried again."""

import json
import sys

import pytest

from payments.tests.lighthouse import CATEGORIES, REPORTS, NoReport, Report, is_good, report_by, reports_of
from payments.tests.shop_process import free_port

SCORES = {category: {"score": 0.97} for category in CATEGORIES}
GOOD: Report = {"categories": SCORES}


def run(program: str, *arguments: str, most_seconds: float = 30) -> Report:
    return report_by([sys.executable, "-c", program, *arguments], most_seconds)


def answer(text: str) -> Report:
    return run("import sys; print(sys.argv[1])", text)


def test_a_report_is_read() -> None:
    assert answer(json.dumps(GOOD)) == GOOD


def test_a_run_that_ends_with_an_error_says_its_last_words() -> None:
    with pytest.raises(NoReport, match=r"(?s)ended with 1.*Unable to connect to Chrome"):
        run("import sys; print(sys.argv[1]); sys.exit('Unable to connect to Chrome')", json.dumps(GOOD))


def test_a_run_that_does_not_end_is_stopped_and_says_its_last_words() -> None:
    program = "import sys, time; print('Still gathering', file=sys.stderr, flush=True); time.sleep(60)"
    with pytest.raises(NoReport, match=r"(?s)stopped after 2 seconds.*Still gathering"):
        run(program, most_seconds=2)


@pytest.mark.parametrize(
    "text",
    ["", "{}", json.dumps({"categories": SCORES | {"performance": {"score": None}}})],
    ids=["nothing", "no categories", "no score"],
)
def test_an_answer_without_every_score_is_no_report(text: str) -> None:
    with pytest.raises(NoReport):
        answer(text)


def test_what_lighthouse_could_not_do_is_said_in_its_words() -> None:
    error = {"code": "NO_FCP", "message": "The page did not paint any content."}
    with pytest.raises(NoReport, match="did not paint"):
        answer(json.dumps({"runtimeError": error, "categories": {}}))


def test_a_page_is_good_by_three_reports_and_not_by_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert is_good("catalog", [GOOD] * REPORTS)
    assert not is_good("catalog", [GOOD] * (REPORTS - 1))
    assert "only 2 of 3 reports" in capsys.readouterr().out


@pytest.mark.browser
def test_a_page_that_cannot_be_reached_is_looked_at_again_and_has_no_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert reports_of(f"http://127.0.0.1:{free_port()}/", most_runs=2) == []
    said = capsys.readouterr().out
    assert said.count("made no report") == 2
    assert "CHROME_INTERSTITIAL_ERROR" in said or "Chrome prevented page load" in said
