"""No key of a protocol file does nothing: the program reads each of them, outside the code that reads the file.

mypy is asked: each field of the protocol's dataclasses is given another name, and wherever the old one is used the
type checker complains, with the class. A field without a complaint, and without a use elsewhere, is read by nobody.
"""

import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from enrollment.protocol import model

ROOT = Path(__file__).parents[4]
SOURCE = ROOT / "enrollment" / "protocol" / "model.py"
KINDS = [
    kind
    for name, kind in vars(model).items()
    if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == model.__name__
]
# What a template or a query reads: field → where, by which words.
ELSEWHERE = {
    ("Arm", "description"): ("templates/enrollment/unblinding/unblinded.html", "arm.description"),
    ("Criterion", "group"): ("analysis/exports/people_tables.py", "c.value ->> 'group'"),
}
# Read to be refused: no page reads what cannot be loaded.
REFUSED: set[tuple[str, str]] = set()


def _holds_tables(annotation: Any) -> bool:
    """Whether the value is made of tables: then it is read where their keys are."""
    return any(kind.__name__ in str(annotation) for kind in KINDS)


def _keys() -> list[tuple[str, str]]:
    """Every key with a value of its own, but those that can have one value only."""
    return [
        (kind.__name__, field.name)
        for kind in KINDS
        for field, annotation in (
            (f, get_type_hints(kind, include_extras=True)[f.name]) for f in fields(kind)
        )
        if not _holds_tables(annotation)
        if not (get_origin(annotation) is Literal and len(get_args(annotation)) == 1)
    ]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """(class, field) of every use of a key, by mypy over the program with the keys renamed."""
    folder = tmp_path_factory.mktemp("shadow")
    shadow = folder / "model.py"
    names = "|".join(sorted({name for _kind, name in _keys()}))
    shadow.write_text(
        "".join(_renamed(line, names) for line in SOURCE.read_text(encoding="utf-8").splitlines(True)),
        encoding="utf-8",
    )
    # What the type checker knows of the program already, where it was asked before: half a minute less.
    with suppress(shutil.Error, FileNotFoundError):
        shutil.copytree(ROOT / ".mypy_cache", folder / "cache")
    nowhere = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "unused",
    }
    mypy = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(folder / "cache"), "--shadow-file", str(SOURCE), str(shadow),
         "enrollment", "assessments", "analysis"],
        cwd=ROOT, env={**os.environ, **nowhere}, capture_output=True, text=True,
    )  # fmt: skip
    assert mypy.returncode == 1, mypy.stderr
    return set(_used(mypy.stdout))


def _renamed(line: str, names: str) -> str:
    """The declaration of a key with a value of its own, under another name."""
    declared = re.match(rf"    ({names}): (.*)", line)
    return line if declared is None or _holds_tables(declared[2]) else f"    {declared[1]}_: {declared[2]}\n"


@cache
def _file_readers() -> frozenset[str]:
    """The modules that read the file: what only they use, nothing else in the program heeds."""
    return frozenset(path.relative_to(ROOT).as_posix() for path in SOURCE.parent.glob("*.py"))


def _used(report: str) -> list[tuple[str, str]]:
    complaint = re.compile(r'(?:Item "(\w+)" of .*?|"(\w+)") has no attribute "(\w+)"')
    return [
        (match[1] or match[2], match[3])
        for line in report.splitlines()
        if line.partition(":")[0] not in _file_readers()
        for match in complaint.finditer(line)
    ]


def test_every_key_of_a_protocol_file_is_read(complaints: set[tuple[str, str]]) -> None:
    """A key that the program does not heed would be a promise that it does not keep."""
    unread = set(_keys()) - complaints - ELSEWHERE.keys() - REFUSED
    assert not unread


def test_the_question_is_put_well(complaints: set[tuple[str, str]]) -> None:
    """Most keys are found; the exceptions are keys, need no exception of another kind, and stand where they say."""
    assert len(_keys()) > 50
    assert not REFUSED & complaints
    assert not (ELSEWHERE.keys() | REFUSED) - set(_keys())
    for file, expression in ELSEWHERE.values():
        assert expression in (ROOT / file).read_text(encoding="utf-8")
