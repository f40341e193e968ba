"""A database of an earlier version is brought to this one in place: nothing is lost, and the trail still verifies.

`demo_58d8a48.dump` is `pg_dump --format=custom` of the demo as commit 58d8a48 made it.
"""

import json
import subprocess
import tomllib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.monitoring.earlier import cut_data, report_figures
from analysis.monitoring.report_sections import report_sections
from analysis.monitoring.sections import DataCut
from enrollment.protocol.file import parse
from tests.audit.conftest import connect, execute, inside, verify
from trialsite.stack import binaries, testing

__all__ = ["inside", "verify"]
DUMP = Path(__file__).parent / "demo_58d8a48.dump"
FUNCTIONS = """
    select p.oid::regprocedure::text, pg_get_functiondef(p.oid), p.proowner::regrole::text,
      (select array_agg(a::text order by a::text) from unnest(p.proacl) a)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'audit', 'closed') and p.prokind = 'f' order by 1
"""
# As the earlier version let it: also of who had completed, with a state and a reason, and no day.
WITHDRAWN = """
    update enrollment_participant set status = 'withdrawn', left_reason = 'moved away', version = version + 1
      where id = (select max(id) from enrollment_participant where status = 'completed')
"""


def _rows(name: str, statement: str) -> list[tuple[Any, ...]]:
    with connect("setup", name) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.fixture(scope="module")
def before() -> Iterator[str]:
    """The earlier database as it was."""
    name = f"before_{uuid.uuid4().hex[:12]}"
    testing.database(name, "template0")
    program = str(binaries.postgres() / "pg_restore")
    restore = [program, "--exit-on-error", "-d", testing.url("setup", name), str(DUMP)]
    subprocess.run(restore, check=True, capture_output=True)
    execute("app", name, WITHDRAWN)
    yield name
    testing.drop(name)


@pytest.fixture(scope="module")
def upgraded(before: str) -> Iterator[str]:
    name = f"upgraded_{uuid.uuid4().hex[:12]}"
    testing.database(name, before)
    testing.manage("owner", name, "setup_database")
    testing.manage("owner", name, "migrate", "--verbosity", "0")
    yield name
    testing.drop(name)


def test_the_trail_and_the_tables_still_agree(upgraded: str, verify: Callable[..., list[str]]) -> None:
    assert verify(upgraded) == []


def test_each_signature_still_holds_or_was_voided_with_a_reason(upgraded: str) -> None:
    testing.manage("app", upgraded, "verify_signatures")


def test_no_entry_of_the_trail_is_lost(before: str, upgraded: str) -> None:
    entries = "select chain, n, encode(hash, 'hex') from audit.event order by chain, n"
    assert set(_rows(before, entries)) <= set(_rows(upgraded, entries))


def test_every_rating_is_there(before: str, upgraded: str) -> None:
    ratings = "select id, visit_id, instrument, items, missing, total, performed_on from assessments_assessment order by id"
    assert _rows(upgraded, ratings) == _rows(before, ratings)


def test_the_functions_are_those_of_a_new_database(upgraded: str) -> None:
    assert _rows(upgraded, FUNCTIONS) == _rows(testing.DEMO, FUNCTIONS)


def test_a_look_that_was_frozen_has_its_report(upgraded: str) -> None:
    """Its results are stored as that version wrote them, and stay so; the page and the print are made of them."""
    [(results, cut, cut_sha256, source)] = _rows(
        upgraded,
        """select l.results::text, l.cut, l.cut_sha256, p.source from closed.look l
           join analysis_look a on a.id = l.look_id join enrollment_protocolversion p on p.id = a.protocol_id""",
    )
    protocol = parse(tomllib.loads(source))
    assert len(cut_data(cut).participants) == 14
    figures = report_figures(protocol, json.loads(results), cut)
    sections = report_sections(protocol, figures, DataCut(1, "9 Mar 2026", cut_sha256, "1.0", "0" * 64))
    texts = {section.slug: " ".join(section.sentences) for section in sections}
    assert "Of 12 completers 7 responded only with" in texts["primary"]
    assert "z = 2.4176" in texts["primary"]
    assert [chart.slug for section in sections for chart in section.charts][:2] == ["flow", "boundary"]


def test_an_earlier_withdrawal_has_the_day_on_which_it_was_recorded(before: str, upgraded: str) -> None:
    """From the trail; marked as such, and no part of what was signed before."""
    recorded = _rows(
        before,
        """select p.id, (e.at at time zone s.timezone)::date from enrollment_participant p
           join accounts_site s on s.id = p.site_id
           join audit.event e on e.chain = 'participant:' || p.id and e.new ->> 'status' = 'withdrawn'
           where p.status = 'withdrawn'""",
    )
    assert len(recorded) == 1
    days = "select id, left_on, left_on_derived from enrollment_participant where left_on is not null"
    assert _rows(upgraded, days) == [(*row, True) for row in recorded]
    signed = "select review_casebook_content(id) -> 'participant' from enrollment_participant where status = 'withdrawn'"
    assert _rows(upgraded, signed) == _rows(before, signed)
    guards = """select tgname, tgenabled from pg_trigger where tgrelid = 'enrollment_participant'::regclass
                and tgname like 'x%' order by 1"""
    assert _rows(upgraded, guards) == _rows(testing.DEMO, guards)
