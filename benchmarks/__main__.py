"""`make bench`: what things cost, as ratios within one run on this machine, against a durable database.

Each figure is the median of repeated runs, the two sides of a ratio taking turns.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from trialsite.stack.prepare import prepare, run
from trialsite.stack.servers import Servers

ROUNDS = 60


def timed(*sides: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Median seconds of each side, taken in turns after one round to warm up."""
    found: list[list[float]] = [[] for _ in sides]
    for n in range(rounds + 1):
        for side, times in zip(sides, found, strict=True):
            begin = time.perf_counter()
            side()
            if n:
                times.append(time.perf_counter() - begin)
    return [median(times) for times in found]


def line(what: str, ratio: float, target: str) -> None:
    print(f"{what:<66} {ratio:7.2f}   {target}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ts-") as folder, Servers(Path(folder) / "local") as servers:
        endpoints = servers.endpoints
        prepare(servers.folder, endpoints)
        run(endpoints, "closed", ["load_demo"], DEMO_PASSWORD="bench")
        seconds = {}
        for n, seed in ((100, 1), (10_000, 2)):
            begin = time.perf_counter()
            run(
                endpoints,
                "closed",
                ["simulate_trial", "--participants", str(n), "--sites", "4", "--seed", str(seed)],
            )
            seconds[n] = time.perf_counter() - begin
        os.environ.update(
            endpoints.environment("app"), TRIALSITE_ENV="test", DJANGO_SETTINGS_MODULE="trialsite.settings"
        )
        import django

        django.setup()
        from benchmarks import measure

        print(f"\n{'ratios, medians of one run':<66} {'ratio':>7}   target")
        measure.saving(timed, line)
        owner = endpoints.environment("owner")["DATABASE_URL"]
        measure.trusting(owner, line)
        measure.opening(timed, line)
        measure.recomputing(owner, timed, line)
        measure.dashboards(timed, line)
        measure.exporting(timed, line)
        print(f"{'simulate_trial, 10,000 participants, seconds':<66} {seconds[10_000]:7.1f}   under 60")


if __name__ == "__main__":
    sys.exit(main())
