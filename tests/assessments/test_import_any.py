"""Any file: a valid one arrives exactly, a damaged one leaves nothing behind."""

import csv
import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.assessments.importing import HEADER, Run, counts, invented, run, saved_totals
from trialsite.accounts.models import Study

pytestmark = pytest.mark.django_db
VISITS = ("BL", "WK2", "WK4", "WK8")
Key = tuple[str, str]
Ratings = dict[Key, tuple[int | None, date]]
MANY = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

characters = st.characters(
    exclude_categories=["Cc", "Cs", "Cf", "Zs", "Zl", "Zp", "Cn", "Co"], exclude_characters="/"
)
people = st.text(characters, min_size=1, max_size=20).filter(lambda code: code not in {"NA", "N/A", "."})
ratings = st.dictionaries(
    st.tuples(people, st.sampled_from(VISITS)),
    st.tuples(st.none() | st.integers(0, 52), st.dates(date(1990, 1, 1), date(2025, 12, 31))),
    min_size=1,
    max_size=12,
)


def written(values: Ratings, quoting: int = 0, end: str = "\n") -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=(csv.QUOTE_MINIMAL, csv.QUOTE_ALL)[quoting], lineterminator=end)
    writer.writerow(HEADER.split(","))
    for (code, visit), (total, on) in values.items():
        writer.writerow(["A", code, 1, visit, on.isoformat(), "HAMD17", "NA" if total is None else total])
    return out.getvalue()


@pytest.fixture
def aspen(db: None) -> Study:
    return invented()


def bring(folder: Path, content: bytes) -> Run:
    file = folder / f"{uuid.uuid4().hex}.csv"
    file.write_bytes(content)
    return run(file, "ASPEN", "--create-participants", "--reason", "test")


@contextmanager
def undone() -> Iterator[None]:
    """What one example writes is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.requirement("IMP-01")
@MANY
@given(values=ratings, quoting=st.integers(0, 1), end=st.sampled_from(["\n", "\r\n"]))
def test_a_valid_file_is_imported_to_exactly_its_values(
    values: Ratings, quoting: int, end: str, aspen: Study, tmp_path: Path
) -> None:
    """Whatever codes, totals and dates, however quoted; and again it changes nothing."""
    content = written(values, quoting, end).encode()
    expected = {key: (total, on.isoformat()) for key, (total, on) in values.items() if total is not None}
    with undone():
        done = bring(tmp_path, content)
        assert (done.error, done.problems) == ("", [])
        assert saved_totals(aspen) == expected
        before = counts(aspen)
        assert f"{len(expected)} the same" in bring(tmp_path, content).out
        assert counts(aspen) == before


@pytest.mark.requirement("IMP-01")
@MANY
@given(values=ratings, data=st.data())
def test_a_damaged_file_is_never_half_imported(
    values: Ratings, data: st.DataObject, aspen: Study, tmp_path: Path
) -> None:
    """Bytes cut, changed or put in anywhere: either refused with nothing written, or all that it now says."""
    content = written(values).encode()
    at = data.draw(st.integers(0, len(content)))
    upto = data.draw(st.integers(at, min(len(content), at + 8)))
    content = content[:at] + data.draw(st.binary(max_size=8)) + content[upto:]
    before = counts(aspen)
    with undone():
        done = bring(tmp_path, content)
        if done.error:
            assert counts(aspen) == before
        else:
            rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
            with_value = [row for row in rows if (row["total"] or "").strip() not in {"", "NA", "N/A", "."}]
            assert len(saved_totals(aspen)) == len(with_value)
