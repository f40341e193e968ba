"""Looks: the rows a look freezes, whether they changed since, and what blinded people are told.

`data_of` reads the closed schema, so only the unblinded worker's role may call it.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _

from analysis.blinded.counts import PERIOD_STATE, endpoint_values, not_randomised
from analysis.models import Look
from enrollment.domain.protocol import Protocol
from enrollment.models import EnrollmentPause
from enrollment.selectors import today_at
from trialsite.accounts.models import Study

ROWS = f"""
    select t.code, s.code, coalesce(l.sequence, ''), t.status, p.number, k.arm, p.dosed_on, {PERIOD_STATE},
           o.baseline, o.change, o.response, o.remission, coalesce(o.evaluable, false), o.visits, o.inputs,
           o.rule_version, case when cardinality(%(beside)s) > 0 then (
             select jsonb_object_agg(a.instrument || ' ' || v.code, a.total)
             from enrollment_visit v join assessments_assessment a on a.visit_id = v.id
             where v.period_id = p.id and a.instrument || ' ' || v.code = any(%(beside)s) and a.total is not null
           ) end
    from enrollment_participant t
    join accounts_site s on s.id = t.site_id
    join closed.slot l on l.participant_id = t.id
    join closed.kit k on k.slot_id = l.id
    join enrollment_period p on p.participant_id = t.id and p.number = k.period
    left join analysis_outcome o on o.participant_id = t.id and o.period = p.number
    where t.study_id = %(study)s
    order by t.code, p.number
"""  # noqa: S608 - text of our own


def today_of(study: Study) -> date:
    """The day that has come at every site of `study`: a look on a day is due by it."""
    return min(today_at(site) for site in study.sites.all())


def data_of(study: Study, rules: Protocol) -> dict[str, Any]:
    """The canonical rows of `study`: everybody randomised with every period, arm and outcome, the totals that
    `rules` set beside it, and who was not randomised.

    Plain JSON values in a fixed order: equal data give equal bytes.
    """
    people: dict[str, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"beside": [one.key for one in rules.beside]} | endpoint_values(study, rules))
        for code, site, sequence, status, *rest in cursor.fetchall():
            person = people.setdefault(
                code,
                {"participant": code, "site": site, "sequence": sequence, "status": status, "periods": []},
            )
            person["periods"].append(_period(*rest))
    return {"participants": list(people.values()), "not_randomised": not_randomised(study)}


def _period(number: int, arm: str, dosed_on: Any, state: str, *outcome: Any) -> dict[str, Any]:
    baseline, change, response, remission, evaluable, visits, inputs, rule_version, beside = outcome
    return {
        "period": number,
        "arm": arm,
        "dosed_on": dosed_on.isoformat() if dosed_on else None,
        "state": state,
        "baseline": baseline,
        "change": change,
        "response": response,
        "remission": remission,
        "evaluable": evaluable,
        "visits": _plain(visits),
        "inputs": _plain(inputs),
        "rule_version": rule_version or "",
        "beside": _plain(beside),
    }


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value or {}


def cut_of(look: Look, data: Mapping[str, Any], *, taken_at: datetime, salt: str) -> dict[str, Any]:
    """The frozen cut: `data` and what it is of.

    `salt` is random and stays in the closed schema. Without it the hash, which everybody may read, would let a
    blinded reader of the outcomes find the allocation by hashing every possible one.
    """
    return {
        "study": look.study.code,
        "look": look.number,
        "protocol": {"version": look.protocol.version, "sha256": look.protocol.sha256},
        "taken_at": taken_at.isoformat(),
        "salt": salt,
        "data": dict(data),
    }


def changes(frozen: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What of the frozen rows is different now: participant, period, field, was, is. New participants are not
    a change of the cut: it did not have them."""
    current = {person["participant"]: person for person in now["participants"]}
    found = []
    for person in frozen["participants"]:
        other = current.get(person["participant"], {"status": None, "sequence": None, "periods": []})
        periods = {period["period"]: period for period in other["periods"]}
        for period in person["periods"]:
            after = periods.get(period["period"], {})
            found += [
                {
                    "participant": person["participant"],
                    "period": period["period"],
                    "field": field,
                    "was": period.get(field),
                    "is": after.get(field),
                }
                for field in (
                    "arm",
                    "dosed_on",
                    "baseline",
                    "change",
                    "response",
                    "remission",
                    "visits",
                    "beside",
                )
                if period.get(field) != after.get(field)
            ]
    return found


def pause_reason(number: int) -> str:
    """Why enrolment is paused, as blinded people may read it."""
    return _("The monitoring board decided after look %(n)d to stop.") % {"n": number}


def _on_a_day(look: Mapping[str, Any]) -> str:
    said = {"n": look["number"], "day": date_text(date.fromisoformat(look["on"]), "j M Y")}
    if look["due"]:
        return _("Look %(n)d is due: it was planned on %(day)s.") % said
    return _("No look due: look %(n)d is planned on %(day)s.") % said


def look_sentence(study: Study, looks: list[dict[str, Any]], completers: int) -> str:
    """All that blinded people are told of looks. `looks`: number, completers, on, due, of each planned one."""
    if not looks:
        return _("No interim look is planned.")
    decided = {look.number: look.decision for look in Look.objects.filter(study=study).exclude(decision="")}
    said = []
    if decided:
        last = max(decided)
        word = _("stop") if decided[last] == Look.Decision.STOP else _("continue")
        said.append(_("Look %(n)d: decision: %(word)s.") % {"n": last, "word": word})
        if EnrollmentPause.objects.filter(study=study, lifted_at=None).exists():
            said.append(_("Enrolment is paused: nobody is screened or randomised."))
    stopped = bool(decided) and decided[max(decided)] == Look.Decision.STOP
    open_looks = [look for look in looks if look["number"] > max(decided, default=0)]
    due = [look for look in open_looks if look["due"]]
    if stopped or not open_looks:
        return " ".join(said)
    first = due[-1] if due else open_looks[0]
    if first.get("on"):
        said.append(_on_a_day(first))
    elif due:
        numbers = {"n": due[-1]["number"], "have": completers, "need": due[-1]["completers"]}
        said.append(_("Look %(n)d is due: %(have)d completers, %(need)d were planned.") % numbers)
    else:
        need = open_looks[0]["completers"]
        said.append(_("No look due: %(have)d of %(need)d completers.") % {"have": completers, "need": need})
    return " ".join(said)
