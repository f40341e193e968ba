#!/usr/bin/env python3
"""Stands in for `docker` where the documentation's commands are tried without it: what they would run in a container
runs here, against the servers that the file in TRIALSITE_SHIM names.

`exec db PROGRAM …` runs PostgreSQL's own program as the superuser; `run SERVICE python …` runs Python with the variables of
that service, paths inside the container being those of `-v`. `up`, `stop` and `down` have nothing to do. Whatever else is
asked for ends with an error: a documented command that this does not know is not tried.
"""

import json
import os
import subprocess
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    answers = json.loads(Path(os.environ["TRIALSITE_SHIM"]).read_text())
    assert arguments.pop(0) == "compose", arguments
    project = answers[_option(arguments, "-p") or "trialsite"]
    action = arguments.pop(0)
    if action in ("up", "down", "stop"):
        return 0
    assert action in ("exec", "run"), action
    volumes: dict[str, str] = {}
    while arguments[0].startswith("-"):
        option = arguments.pop(0)
        if option == "-v":
            outside, inside, *_ = arguments.pop(0).split(":")
            volumes[inside] = outside
        elif option == "--user":
            arguments.pop(0)
        else:
            assert option in ("--rm", "-T", "--no-deps"), option
    service = arguments.pop(0)
    return (
        _exec(project, arguments)
        if action == "exec"
        else _run(project["services"][service], arguments, volumes)
    )


def _exec(project: dict[str, str], command: list[str]) -> int:
    program = Path(project["programs"]) / command[0]
    words = [project["database"] if word == "trialsite" else word for word in command[1:]]
    where = {"PGHOST": "127.0.0.1", "PGPORT": project["port"], "PGPASSWORD": project["password"]}
    return subprocess.run([str(program), *words], env={**os.environ, **where}).returncode


def _run(environment: dict[str, str], command: list[str], volumes: dict[str, str]) -> int:
    for inside, outside in volumes.items():
        command = [
            outside + word.removeprefix(inside) if word.startswith(f"{inside}/") else word for word in command
        ]
    assert command[0] == "python", command
    return subprocess.run(
        [sys.executable, *command[1:]], env={**os.environ, **environment}, cwd=os.environ["TRIALSITE_ROOT"]
    ).returncode


def _option(arguments: list[str], name: str) -> str | None:
    if arguments[0] != name:
        return None
    arguments.pop(0)
    return arguments.pop(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
