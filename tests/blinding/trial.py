"""One trial lived twice: the same people, days, ratings and kits, the two treatments swapped in the allocation."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

import psycopg2
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from analysis.dashboard.services import summarise
from analysis.monitoring.services.closed import report
from analysis.outcomes.services import recompute
from assessments.deviations.services import close_deviation, review_deviation
from assessments.entry.codec import RecordEntry, read_fields
from assessments.entry.selectors import FormPlace, places_of, values_of
from assessments.entry.services import correct_record, save_record, strike_out_record
from assessments.models import Deviation, Record, SafetyAlert
from assessments.tasks import safety
from enrollment.calendar.services import make_feed
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from enrollment.services import mark_missed, plan_period, randomise, record_dosing
from tests.access.conftest import signed_in
from tests.analysis.conftest import as_closed
from tests.conftest import decide, make_screened, rate
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import process_outbox
from trialsite.review.services import Place, answer, raise_queries, verify
from trialsite.stack import testing

STUDY = "KETNAL"
SERIOUS = {
    "SERIOUS": "Y",
    "AWARE": "1 Apr 2026 10:00",
    **dict.fromkeys(("DEATH", "LIFE_THREATENING", "HOSPITALISATION", "DISABILITY", "CONGENITAL"), "N"),
    "IMPORTANT": "Y",
    "NARRATIVE": "Fainted while standing up.",
}
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
update closed.stock k set arm = case k.arm when 'PLA' then 'NAL' else 'PLA' end
  from accounts_study s where s.id = k.study_id and s.code = 'KETNAL';
update closed.slot l set sequence = reverse(sequence) from accounts_study s where s.id = l.study_id and s.code = 'KETNAL';
"""
# And what stands then is sealed as if it had always stood there.
SEAL = """
do $$ declare t text; g record; names text[] := (select array_agg(name order by name) from closed.sealed_table); begin
  delete from closed.entry; delete from closed.chain_head; delete from closed.sealed_table;
  foreach t in array names loop
    execute format(
      'select audit.seal_existing(%L, (select array_agg(audit.closed_form(to_jsonb(x))) from closed.%I x))', t, t);
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
            "select k.arm from (select study_id, kit_number, arm from closed.kit union"
            " select study_id, kit_number, arm from closed.stock) k join accounts_study s on s.id = k.study_id"
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
    decide(person, by=people["investigator"])
    person = randomise(person, by=people["coordinator"])
    first = person.periods.get(number=1)
    today = today_at(site)
    first = plan_period(first, today, by=people["coordinator"], version=first.version)
    record_dosing(first, today, by=people["coordinator"], version=first.version)
    rate(first.visits.get(code="BASELINE"), 26, people["coordinator"], on=today)
    _record(person, people)
    _deviate(first.visits.select_related("participant").get(code="DAY7"), people)
    _tell(people)
    _unblind(people["investigator"])
    _work(study)
    return make_feed(study, by=people["coordinator"])


def _record(participant: Participant, people: dict[str, User]) -> None:
    """Three adverse events: one corrected, asked about and verified in part, one struck out, one serious."""
    place = next(place for place in places_of(participant) if place.form.code == "ADVERSE_EVENT")
    event, twice = (_event(place, term, people["coordinator"]) for term in ("Dissociation", "Nausea"))
    entry = RecordEntry(values={**values_of(event), "SEVERITY": "MODERATE"})
    correct_record(event, place, entry, by=people["coordinator"], version=1, reason="misread")
    strike_out_record(twice, place, by=people["coordinator"], version=1, reason="entered twice")
    _event(place, "Syncope", people["coordinator"], **SERIOUS)
    asked = Place(participant, None, "ADVERSE_EVENT", "SEVERITY", event.repeat_key)
    [query] = raise_queries([asked], by=people["monitor"], text="Moderate?")
    answer(query, by=people["coordinator"], text="Yes.")
    keys = [event.repeat_key]
    verify(participant, None, "ADVERSE_EVENT", ["TERM"], by=people["monitor"], repeat_keys=keys)


def _deviate(visit: Visit, people: dict[str, User]) -> None:
    """A visit that is missed, reviewed and closed."""
    mark_missed(visit, by=people["coordinator"], reason="away that week")
    filed = Deviation.objects.select_related("participant__study", "participant__site").get(visit=visit)
    review_deviation(filed, by=people["coordinator"], text="a journey", action="none needed: announced")
    close_deviation(filed, by=people["monitor"], text="seen")


def _tell(people: dict[str, User]) -> None:
    """Mail about the alerts that nobody has acknowledged, to those who act; they have waited too long by then."""
    with audit_context(User.objects.system(), reason="swap test"):
        for name in ("investigator", "investigator2", "safety", "monitor"):
            User.objects.filter(username=name).update(email=f"{name}@example.org")
        SafetyAlert.objects.open().update(raised_at=timezone.now() - timedelta(days=1))
    safety()


def _event(place: FormPlace, term: str, by: User, **more: str) -> Record:
    codes = {
        "SEVERITY": "MILD",
        "RELATED": "NOT RELATED",
        "ACTION": "DOSE NOT CHANGED",
        "OUTCOME": "NOT RECOVERED/NOT RESOLVED",
    }
    typed = {"TERM": term, "ONSET": "Mar 2026", "ONGOING": "Y", "SERIOUS": "N", **codes, **more}
    zone = ZoneInfo(place.participant.site.timezone)
    entry = read_fields(place.form, {f"item_{code}": text for code, text in typed.items()}, zone).entry
    return save_record(place, entry, by=by, form_token=uuid.uuid4())


def _work(study: Study) -> None:
    """Both workers, each with its own role, and everything derived once more."""
    recompute(list(study.participants.values_list("pk", flat=True)))
    process_outbox(Outbox.Kind.RECOMPUTE, recompute)
    summarise([study.pk])
    process_outbox(Outbox.Kind.SUMMARY, summarise)
    with as_closed():
        report([study.pk])
        process_outbox(Outbox.Kind.REPORT, report)


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
