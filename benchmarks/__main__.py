"""`make bench`: starts what it needs, measures, prints the table, and writes it to bench-results/."""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import report
from benchmarks.bench import DATABASES, ROOT, Bench
from benchmarks.figures import FIGURES
from benchmarks.postgres import own_postgres
from benchmarks.rows import Row

FOLDER = ROOT / "bench-results"


def main() -> None:
    chosen = arguments()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, own_postgres() as postgres:
        bench = Bench(
            folder=Path(folder),
            postgres=postgres,
            rounds=chosen.rounds,
            databases=chosen.databases,
            web=chosen.web,
            peer=chosen.peer,
        )
        for name in chosen.figures or FIGURES:
            for row in FIGURES[name](bench):
                rows.append(row)
                sys.stdout.write(report.as_text([row]).splitlines()[1] + "\n")
                sys.stdout.flush()
            # A figure that fails leaves what was measured before it.
            report.write(rows, FOLDER)
    sys.stdout.write(f"\n{report.as_text(rows)}\nWritten to {FOLDER.name}/figures.md and figures.json.\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.epilog = "figures:\n" + "".join(
        f"  {name:16} {(f.__doc__ or '').splitlines()[0]}\n" for name, f in FIGURES.items()
    )
    parser.add_argument("figures", nargs="*", choices=[*FIGURES, []], metavar="figure", help="all, if none is named")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured, in turn with its baseline")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument(
        "--web", default="", help="another command line for the shop's server; $PORT is where to listen"
    )
    parser.add_argument(
        "--peer", default="", help="another shop's command line: its /item/1 and /buy/1 run beside ours in each round"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
