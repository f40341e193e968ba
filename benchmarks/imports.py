"""An import of many rows by the command as it is run, in a process of its own: seconds and the most memory it held."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from trialsite.stack.endpoints import ServerEndpoints
from trialsite.stack.prepare import ROOT

HEADER = "site,participant,period,visit,date,instrument,total"
VISITS = 6


def importing(endpoints: ServerEndpoints, line: Callable[[str, float, str], None], rows: int) -> None:
    """`rows` totals of people who are enrolled by the same file."""
    with tempfile.TemporaryDirectory(prefix="ts-") as folder:
        file = Path(folder) / "long.csv"
        with file.open("w") as out:
            print(HEADER, file=out)
            for n in range(rows):
                print(f"01,P{n // VISITS:06d},1,WEEK{n % VISITS},2020-01-08,HAMD17,{n % 53}", file=out)
        command = ["import_assessments", str(file), "--study", "REISBY", "--create-participants"]
        environment = {**os.environ, "TRIALSITE_ENV": "demo", **endpoints.environment("app")}
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *command], env=environment, cwd=ROOT, check=True
        )
        seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    line(f"import of {rows:,} rows, seconds", seconds, "1,000,000 under 240")
    line(f"import of {rows:,} rows, seconds of its own", after.ru_utime - before.ru_utime, "")
    line("the same, MB at most (of this process's children)", after.ru_maxrss / 1024, "under 500")
