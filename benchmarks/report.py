"""The table, for a terminal, for people who read Markdown, and for programs."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.rows import Row

HEADINGS = ("what", "compared with", "ratio", "of the rounds", "rounds", "target", "")


def line_of(row: Row) -> tuple[str, ...]:
    least, most = row.spread
    target = str(row.target) if row.target else ""
    verdict = "" if row.target is None else "met" if row.is_met else "MISSED"
    spread = f"{short(least)} – {short(most)}" if len(row.rounds) > 1 else ""
    return row.what, row.baseline, short(row.ratio), spread, str(len(row.rounds)), target, verdict


def short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def as_text(rows: Sequence[Row]) -> str:
    lines = [HEADINGS, *map(line_of, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)


def as_markdown(rows: Sequence[Row]) -> str:
    lines = [HEADINGS, ("---",) * len(HEADINGS), *map(line_of, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_json(rows: Sequence[Row]) -> str:
    figures = [asdict(row) | {"ratio": row.ratio, "spread": row.spread, "met": row.is_met} for row in rows]
    machine = {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()}
    return json.dumps({"machine": machine, "figures": figures}, indent=2, ensure_ascii=False) + "\n"


def write(rows: Sequence[Row], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "figures.json").write_text(as_json(rows))
    (folder / "figures.md").write_text(as_markdown(rows))
