"""A measured figure, its goal, and tables of them."""

import json
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """One measured number. ``goal`` is the most it should be; None for a number that is only told."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the goal is met, in a word."""
        if self.goal is None:
            return ""
        return "ok" if self.value <= self.goal else "MISSED"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def spread(
    name: str,
    values: Sequence[float],
    unit: str,
    *,
    p50: float | None = None,
    p95: float | None = None,
    p99: float | None = None,
) -> list[Figure]:
    """Median and tails of a series, each beside its goal."""
    rows = [Figure(f"{name}, p50", statistics.median(values), unit, p50)]
    if p99 is not None or len(values) >= 100:
        rows.append(Figure(f"{name}, p99", percentile(values, 0.99), unit, p99))
    if p95 is not None or len(values) < 100:
        rows.append(Figure(f"{name}, p95", percentile(values, 0.95), unit, p95))
    return rows


def timed(repeat: int, do: Callable[[], object]) -> list[float]:
    """Milliseconds of each of ``repeat`` calls, after one that does not count."""
    import time

    do()
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        do()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def show(figures: Sequence[Figure]) -> None:
    """A table on the screen."""
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        goal = f"{figure.goal:>10.1f}" if figure.goal is not None else " " * 10
        print(
            f"{figure.name:<{width}}  {figure.value:>10.2f} {figure.unit:<8} {goal}  {figure.verdict:<7} {figure.note}"
        )


def write(figures: Sequence[Figure]) -> Path:
    """All figures as JSON, named by the moment."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    machine = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    path.write_text(json.dumps({"machine": machine, "figures": [asdict(figure) for figure in figures]}, indent=2))
    return path
