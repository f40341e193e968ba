"""What the closed pages say when the database refuses, and when it fails: two different things."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.audit.conftest import connect
from trialsite.accounts.models import User

PAGES: dict[str, list[str | int]] = {
    "closed": ["KETNAL"],
    "look": ["KETNAL", 1],
    "look_pdf": ["KETNAL", 1],
    "look_cut": ["KETNAL", 1],
    "look_decide": ["KETNAL", 1],
    "allocation": ["KETNAL"],
}
# What closed.viewer, which all of them ask, does instead → the answer.
ANSWERS = {
    "refuses": ("raise exception 'no' using errcode = 'TS002'", 404),
    "was cut off": ("perform pg_terminate_backend(pg_backend_pid())", 503),
    "waited too long": ("raise exception 'timeout' using errcode = 'query_canceled'", 503),
    "met a fault": ("return 1 / 0", 500),
    "lacks a right": ("raise exception 'permission denied' using errcode = '42501'", 500),
}


@pytest.mark.parametrize(("instead", "status"), ANSWERS.values(), ids=ANSWERS)
def test_only_the_databases_refusal_reads_not_found(instead: str, status: int, demo: str) -> None:
    """An outage is not a page that is not there: 503, to be tried again; a fault is a fault."""
    client = Client(raise_request_exception=False)
    person = User.objects.get(username="statistician")
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    with connect("setup", demo) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "create or replace function closed.viewer(session text, action text, study bigint, site bigint default null)"
            f" returns bigint language plpgsql security definer as $$ begin {instead}; end $$"
        )
        cursor.execute("alter function closed.viewer(text, text, bigint, bigint) owner to postgres")
        cursor.execute(
            "grant execute on function closed.viewer(text, text, bigint, bigint) to trialsite_owner"
        )
    answers = {
        page: client.get(reverse(page, args=arguments)).status_code for page, arguments in PAGES.items()
    }
    assert answers == dict.fromkeys(PAGES, status)
