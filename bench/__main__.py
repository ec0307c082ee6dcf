"""``python -m bench [name …]``: measure, print a table, write JSON."""

import importlib
import sys

from bench.figures import Figure, show, write
from webapp.logs import set_up_logs

ALL = ("pages", "accounts", "encrypted", "large", "arrival", "screen", "fanout")


def main() -> None:
    """Run the named measurements, or all."""
    set_up_logs("error", "text")
    figures: list[Figure] = []
    for name in sys.argv[1:] or ALL:
        print(f"-- {name}", flush=True)
        measured = importlib.import_module(f"bench.{name}").measure()
        show(measured)
        figures += measured
    print(f"written to {write(figures)}")
    missed = [figure.name for figure in figures if figure.verdict == "MISSED"]
    print(f"{len(missed)} goals missed" + (": " + "; ".join(missed) if missed else ""))


main()
