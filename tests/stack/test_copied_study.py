"""The copies of a study in which `make bench` measures what pages cost."""

import os
from contextlib import closing

import psycopg2

from benchmarks.crowd import PEOPLE, copy_study, tables_of_participants
from tests.analysis.exported import demo_database
from trialsite.stack import testing

COPIES = 3


def test_a_copy_has_everything_that_was_recorded_so_many_times() -> None:
    """Whatever table of participants was added since: the benchmark would fail on it, or leave it empty."""
    with demo_database(f"copied_{os.getpid()}") as name:
        url = testing.url("setup", name)
        copy_study(url, "KETNAL", "COPIED", COPIES)
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            for table in tables_of_participants(cursor):
                column = "id" if table == PEOPLE else "participant_id"
                cursor.execute(
                    f"select count(*) filter (where s.code = 'KETNAL'), count(*) filter (where s.code = 'COPIED')"
                    f" from {table} r join enrollment_participant t on t.id = r.{column}"
                    " join accounts_study s on s.id = t.study_id"
                )
                original, copied = cursor.fetchone() or (0, 0)
                assert copied == COPIES * original, table
