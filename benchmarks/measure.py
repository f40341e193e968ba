"""The measured pairs. Django is set up before this module is imported."""

import io
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing
from statistics import median
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import psycopg2
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from analysis.dashboard.services import summarise
from analysis.exports.archive import copy_csv
from analysis.exports.tables import parameters, tables
from analysis.outcomes.services import recompute
from analysis.tasks import sweep
from assessments.domain.instrument import load
from assessments.models import Assessment
from enrollment.models import Participant, Visit
from trialsite import urls
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Study, User

HAMD6 = ("HAMD101", "HAMD102", "HAMD107", "HAMD108", "HAMD110", "HAMD113")
ITEMS = {group[0].code: 1 for group in load("HAMD17").groups}


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def bare_insert(request: HttpRequest) -> HttpResponse:
    """The same row by one INSERT and nothing else: no form, no policy, no rules (its triggers stay)."""
    pk = int(request.POST["visit"])
    with audit_context(User.objects.system(), reason="bench"):
        Assessment.objects.create(
            participant_id=int(request.POST["participant"]),
            visit_id=pk,
            instrument="HAMD17",
            instrument_version="1",
            status="complete",
            items=ITEMS,
            total=sum(ITEMS.values()),
            rater="R",
            performed_on="2024-05-05",
            entered_by_id=1,
            form_token=uuid.uuid4(),
        )
    return HttpResponse("ok")


urlpatterns = [*urls.urlpatterns, path("bench/hello", hello), path("bench/insert", bare_insert)]
settings.ROOT_URLCONF = "benchmarks.measure"


def _client(study: str, role: str) -> Client:
    user = User.objects.get(username=role)
    target = Study.objects.get(code=study)
    system = User.objects.system()
    with audit_context(system, reason="bench"):
        Membership.objects.get_or_create(user=user, study=target, role=role, defaults={"granted_by": system})
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _free_visits(study: str) -> Any:
    """Visits of treated participants, in the past, that have no rating yet and about which nothing is asked."""
    visits = Visit.objects.filter(
        participant__study__code=study,
        participant__status__in=Participant.FOLLOWED,
        status=Visit.Status.PLANNED,
        period__dosed_on__isnull=False,
        planned_on__gt=F("period__dosed_on"),
        planned_on__lt=timezone.now().date(),
        assessments=None,
    )
    return iter(visits.select_related("participant").order_by("pk")[:2000])


def _post(client: Client, address: str, data: Mapping[str, object]) -> Any:
    """As a browser encodes a form that takes no files."""
    return client.post(address, urlencode(data), "application/x-www-form-urlencoded")


def _save(client: Client, visit: Visit) -> None:
    """Enter a rating as the browser does."""
    data = {f"item_{code}": 1 for code in ITEMS} | {
        "performed_on": visit.planned_on.isoformat(),
        "rater": "R",
        "form_token": str(uuid.uuid4()),
    }
    answer = _post(client, f"/visits/{visit.pk}/ratings/HAMD17/", data)
    assert answer.status_code == 302, (answer.status_code, answer.context and answer.context.get("errors"))


def saving(timed: Callable[..., list[float]], line: Callable[..., None]) -> None:
    client, visits = _client("SIM2", "coordinator"), _free_visits("SIM2")

    def whole() -> None:
        _save(client, next(visits))

    def bare() -> None:
        visit = next(visits)
        row = {"visit": visit.pk, "participant": visit.participant_id}
        assert _post(client, "/bench/insert", row).status_code == 200

    a, b = timed(whole, bare)
    line("saving a rating / a bare view that inserts the same row", a / b, "at most 2.5")


def trusting(owner: str, line: Callable[..., None], blocks: int = 6, saves: int = 20) -> None:
    """A save with the whole trust path against one with its audit, signature-void and outbox triggers off."""
    client, visits = _client("SIM2", "coordinator"), _free_visits("SIM2")
    times: dict[str, list[float]] = {"enable": [], "disable": []}
    for _block in range(blocks):
        for state, seconds in times.items():
            _switch(owner, state)
            _save(client, next(visits))
            for _n in range(saves):
                begin = time.perf_counter()
                _save(client, next(visits))
                seconds.append(time.perf_counter() - begin)
    _switch(owner, "enable")
    a, b = (median(seconds) for seconds in times.values())
    line("saving a rating / the same without the trust triggers", a / b, "at most 2.0")


def _switch(owner: str, state: str) -> None:
    """`enable` or `disable` the triggers of audit, signatures and outbox on the tables that a save touches."""
    with closing(psycopg2.connect(owner)) as connection_, connection_, connection_.cursor() as cursor:
        for table in ("assessments_assessment", "enrollment_visit", "enrollment_participant"):
            cursor.execute(
                "select tgname from pg_trigger where tgrelid = %s::regclass and not tgisinternal"
                " and (tgname like 'audit\\_%%' or tgname like 'x\\_kept%%' or tgname like 'y\\_owe%%')",
                [table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"alter table {table} {state} trigger {name}")


def opening(timed: Callable[..., list[float]], line: Callable[..., None]) -> None:
    client, visit = _client("SIM2", "coordinator"), next(_free_visits("SIM2"))
    form = f"/visits/{visit.pk}/ratings/HAMD17/"
    a, b = timed(lambda: client.get(form), lambda: client.get("/bench/hello"))
    line("opening the entry form / a page that says hello", a / b, "")


def recomputing(owner: str, timed: Callable[..., list[float]], line: Callable[..., None]) -> None:
    sweep()
    small, large = (
        list(
            Participant.objects.filter(study__code=code)
            .exclude(randomised_at=None)
            .values_list("pk", flat=True)
        )
        for code in ("SIM1", "SIM2")
    )
    a, b = timed(lambda: recompute(large[:1]), lambda: recompute(small[:1]))
    line("one participant's recompute in 10,000 / in 100", a / b, "at most 1.2")
    whole, one = timed(lambda: recompute(large), lambda: recompute(large[:1]), rounds=3)
    line("10,000 participants' recompute / one participant's", whole / one, "")
    pandas, whole = timed(lambda: _in_pandas("SIM2"), lambda: recompute(large), rounds=5)
    line("10,000 participants' recompute / the same outcomes in one pandas pass", whole / pandas, "at most 3")
    written = []
    for _round in range(5):
        _outdate(owner)
        begin = time.perf_counter()
        recompute(large)
        written.append(time.perf_counter() - begin)
    line(
        "the same, when each row comes out otherwise and is written", median(written) / pandas, "at most 2.5"
    )


def _outdate(owner: str) -> None:
    """Let every stored outcome seem to be of other rules."""
    with closing(psycopg2.connect(owner)) as connection_, connection_, connection_.cursor() as cursor:
        for table in ("analysis_outcome", "analysis_participantoutcome"):
            cursor.execute(f"update {table} set rule_version = 'other'")  # noqa: S608 - names of our own


def _in_pandas(study: str) -> pd.DataFrame:
    """The ratings of a study read into pandas, and the outcomes computed there, without writing them anywhere."""
    six = " + ".join(f"(a.items ->> '{code}')::int" for code in HAMD6)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            select a.participant_id, p.number, v.code, a.total, {six}, a.id, a.version
            from assessments_assessment a join enrollment_visit v on v.id = a.visit_id
            join enrollment_period p on p.id = v.period_id join enrollment_participant t on t.id = a.participant_id
            join accounts_study s on s.id = t.study_id where s.code = %s and a.instrument = 'HAMD17'
            """,  # noqa: S608 - codes of our own
            [study],
        )
        totals = pd.DataFrame(
            cursor.fetchall(), columns=["who", "period", "visit", "total", "six", "id", "version"]
        )
    wide = totals.pivot(index=["who", "period"], columns="visit", values=["total", "six", "id", "version"])
    base = wide["total", "BASELINE"]
    for code in totals["visit"].unique():
        total = wide["total", code]
        wide["change", code] = total - base
        wide["percent", code] = 100 * (total - base) / base
        wide["response", code] = (2 * (base - total) >= base).where(total.notna() & base.notna())
        wide["remission", code] = (total <= 7).where(total.notna())
        wide["six_change", code] = wide["six", code] - wide["six", "BASELINE"]
    later = [code for code in totals["visit"].unique() if code not in {"BASELINE", "DAY1"}]
    wide["sustained", ""] = wide["response"][["DAY1", *later]].all(axis=1)
    return wide


def summaries() -> None:
    """The figures of every study, as the worker keeps them."""
    summarise(list(Study.objects.values_list("pk", flat=True)))


def dashboards(timed: Callable[..., list[float]], line: Callable[..., None]) -> None:
    summaries()
    client = _client("SIM1", "statistician")
    _client("SIM2", "statistician")
    a, b = timed(
        lambda: client.get("/studies/SIM2/dashboard/"),
        lambda: client.get("/studies/SIM1/dashboard/"),
        rounds=15,
    )
    line("dashboard at 10,000 / at 100 participants", a / b, "at most 2")


def exporting(timed: Callable[..., list[float]], line: Callable[..., None]) -> None:
    study = Study.objects.get(code="SIM2")
    table = next(table for table in tables(study, unblinded=False) if table.name == "assessments")
    values = parameters(study, study.sites.all())
    rows = Assessment.objects.filter(participant__study=study).count()

    def plain() -> None:
        with connection.cursor() as cursor:
            cursor.copy_expert(
                "copy assessments_assessment to stdout with (format csv, header)", io.BytesIO()
            )

    a, b = timed(lambda: copy_csv(table, values, io.BytesIO()), plain, rounds=3)
    line(f"CSV of {rows * 18:,} values / COPY of the table", a / b, "")
