"""One trial lived twice: the same people, days, ratings and kits, the two treatments swapped in the allocation."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from django.db import connection
from django.urls import reverse

from analysis.services import recompute, summarise
from analysis.services.closed import report
from enrollment import services
from enrollment.selectors import today_at
from enrollment.services import plan_period, randomise, record_dosing
from enrollment.services.feed import make_feed
from tests.access.conftest import signed_in
from tests.analysis.conftest import as_closed
from tests.conftest import make_screened, rate
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import drain
from trialsite.stack import testing

STUDY = "KETNAL"
# Behind the triggers, as no role of the product can: the arms change places, and the looks are to be taken again.
UNTAKE = """
set session_replication_role = replica;
do $$ declare t text; begin
  for t in select name from closed.sealed_table loop
    execute format('alter table closed.%I disable trigger user', t);
  end loop;
end $$;
select set_config('trialsite.context', '{"actor": 1, "name": "system", "role": "", "reason": "swap test"}', false);
delete from closed.print;
delete from closed.decision;
delete from closed.look;
delete from closed.report;
update analysis_look set taken_at = null, cut_sha256 = '', decision = '', decided_by_id = null, decided_at = null;
"""
SWAP = """
update closed.kit k set arm = case k.arm when 'PLA' then 'NAL' else 'PLA' end
  from accounts_study s where s.id = k.study_id and s.code = 'KETNAL';
update closed.slot l set sequence = reverse(sequence) from accounts_study s where s.id = l.study_id and s.code = 'KETNAL';
"""
# And what stands then is sealed as if it had always stood there.
SEAL = """
do $$ declare t text; g record; names text[] := (select array_agg(name order by name) from closed.sealed_table); begin
  delete from closed.entry; delete from closed.chain_head; delete from closed.sealed_table;
  foreach t in array names loop
    execute format(
      'select audit.seal_standing(%L, (select array_agg(audit.closed_form(to_jsonb(x))) from closed.%I x))', t, t);
  end loop;
  for g in select tgrelid::regclass as name, tgname from pg_trigger where tgname like 'z\\_seal%' loop
    execute format('alter table %s enable always trigger %I', g.name, g.tgname);
  end loop;
end $$;
"""


@contextmanager
def trial(*, swapped: bool) -> Iterator[str]:
    """A demo trial in which the workers have worked and people have gone on; connected to as the web does."""
    before = connection.settings_dict["NAME"]
    name = f"ts_{uuid.uuid4().hex[:12]}"
    testing.database(name, testing.DEMO)
    with psycopg2.connect(testing.url("setup", name)) as opened, opened.cursor() as cursor:
        cursor.execute(UNTAKE + (SWAP if swapped else "") + SEAL)
    opened.close()
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield name
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
        testing.drop(name)


def arms(name: str) -> list[str]:
    """The arms in the order of the kits, read past every guard: the test's own proof of the swap."""
    with psycopg2.connect(testing.url("setup", name)) as opened, opened.cursor() as cursor:
        cursor.execute(
            "select k.arm from closed.kit k join accounts_study s on s.id = k.study_id"
            " where s.code = %s order by k.kit_number", [STUDY],
        )  # fmt: skip
        found = [arm for (arm,) in cursor.fetchall()]
    opened.close()
    return found


def live() -> str:
    """The trial goes on: a look is frozen and decided, one is randomised and treated, one is unblinded. The token
    of a calendar feed is returned."""
    study = Study.objects.get(code=STUDY)
    people = {user.username: user for user in User.objects.filter(memberships__study=study)}
    _work(study)
    _decide(people["statistician"])
    site = study.sites.get(code="01")
    person = make_screened(site, people["coordinator"])
    services.confirm_eligibility(person, by=people["investigator"])
    person = randomise(person, by=people["coordinator"])
    first = person.periods.get(number=1)
    today = today_at(site)
    first = plan_period(first, today, by=people["coordinator"], version=first.version)
    record_dosing(first, today, by=people["coordinator"], version=first.version)
    rate(first.visits.get(code="BASELINE"), 26, people["coordinator"], on=today)
    _unblind(people["investigator"])
    _work(study)
    return make_feed(study, by=people["coordinator"])


def _work(study: Study) -> None:
    """Both workers, each with its own role, and everything derived once more."""
    recompute(list(study.participants.values_list("pk", flat=True)))
    drain(Outbox.Kind.RECOMPUTE, recompute)
    summarise([study.pk])
    drain(Outbox.Kind.SUMMARY, summarise)
    with as_closed():
        report([study.pk])
        drain(Outbox.Kind.REPORT, report)


def _decide(statistician: User) -> None:
    decision = {
        "recommendation": "continue", "decision": "continue", "reason": "as planned",
        "password": testing.PASSWORD,
    }  # fmt: skip
    answer = signed_in(statistician).post(reverse("look_decide", args=[STUDY, 1]), decision)
    assert answer.status_code == 302, answer.content.decode()


def _unblind(investigator: User) -> None:
    asked = {"reason": "severe adverse event", "password": testing.PASSWORD}
    answer = signed_in(investigator).post(reverse("unblind", args=[STUDY, "01-003"]), asked)
    assert "naltrexone" in answer.content.decode()
