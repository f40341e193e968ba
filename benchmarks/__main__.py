"""`make bench`: what things cost, as ratios within one run on this machine, against a durable database.

Each figure is the median of repeated runs, the two sides of a ratio taking turns.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from types import ModuleType

import psycopg2

from benchmarks.crowd import copy_study, take_back_ratings
from benchmarks.imports import importing
from trialsite.stack.endpoints import ServerEndpoints
from trialsite.stack.prepare import prepare, run
from trialsite.stack.servers import Servers

ROUNDS = 60
ALONE = "trialsite_alone"


def timed(*sides: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Median seconds of each side, taken in turns after one round to warm up."""
    samples: list[list[float]] = [[] for _ in sides]
    for n in range(rounds + 1):
        for side, times in zip(sides, samples, strict=True):
            begin = time.perf_counter()
            side()
            if n:
                times.append(time.perf_counter() - begin)
    return [median(times) for times in samples]


def line(what: str, ratio: float, target: str) -> None:
    print(f"{what:<66} {ratio:7.2f}   {target}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the other participants, fewer rounds"
    )
    parser.add_argument(
        "--pages", metavar="NAMES", nargs="?", const="", help="pages only; of these names, or all"
    )
    parser.add_argument(
        "--import", dest="rows", type=int, metavar="ROWS", help="an import of so many rows only"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ts-") as folder, Servers(Path(folder) / "local") as servers:
        endpoints = servers.endpoints
        prepare(servers.folder, endpoints)
        if options.rows:
            importing(endpoints, line, options.rows)
            return
        run(endpoints, "closed", ["load_demo"], DEMO_PASSWORD="bench")
        studies(endpoints, options.quick)
        seconds = {} if options.pages is not None else simulated(endpoints)
        os.environ.update(
            endpoints.environment("app"), TRIALSITE_ENV="test", DJANGO_SETTINGS_MODULE="trialsite.settings"
        )
        import django

        django.setup()
        from benchmarks import forms, measure, pages

        print(f"\n{'ratios, medians of one run':<66} {'ratio':>7}   target")
        if options.pages is None:
            measured(endpoints, measure)
            print(f"{'simulate_trial, 10,000 participants, seconds':<66} {seconds[10_000]:7.1f}   under 60")
        measure.summaries()
        reports(endpoints)
        pages.table(timed, line, ALONE, options.pages or "", 3 if options.quick else 7)
        if options.pages is None:
            forms.opening(timed, line)


def studies(endpoints: ServerEndpoints, quick: bool) -> None:
    """The demo alone in a database of its own; in the other, beside it, its people 4, 400 and 4,000 times over."""
    run(endpoints, "app", ["shell", "-c", "from analysis.tasks import sweep; sweep()"])
    run(endpoints, "closed", ["shell", "-c", "from analysis.tasks import closed_sweep; closed_sweep()"])
    url = endpoints.database("postgres")
    with closing(psycopg2.connect(endpoints.database("postgres", "postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"create database {ALONE} template trialsite")
            cursor.execute(f"grant connect on database {ALONE} to trialsite_app")
    for code, copies in (("C100", 4), ("C10K", 400), ("CROWD", 400 if quick else 4000)):
        copy_study(url, "KETNAL", code, copies)


def simulated(endpoints: ServerEndpoints) -> dict[int, float]:
    """Seconds that a simulated trial takes, by participants."""
    seconds = {}
    for n, seed in ((100, 1), (10_000, 2)):
        begin = time.perf_counter()
        command = ["simulate_trial", "--participants", str(n), "--sites", "4", "--seed", str(seed)]
        run(endpoints, "closed", command)
        seconds[n] = time.perf_counter() - begin
    take_back_ratings(endpoints.database("postgres"), "SIM2", "DAY14", 2, limit=2000)
    return seconds


def measured(endpoints: ServerEndpoints, measure: ModuleType) -> None:
    measure.saving(timed, line)
    owner = endpoints.environment("owner")["DATABASE_URL"]
    measure.trusting(owner, line)
    measure.opening(timed, line)
    measure.recomputing(owner, timed, line)
    measure.dashboards(timed, line)
    measure.exporting(timed, line)


def reports(endpoints: ServerEndpoints) -> None:
    """As the unblinded worker, whose role the web's process does not have."""
    environment = {**os.environ, **endpoints.environment("closed")}
    subprocess.run([sys.executable, "-m", "benchmarks.reports", "C10K", "CROWD"], env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
