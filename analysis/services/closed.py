"""What only the unblinded worker does: allocation lists and the closed report.

Runs with the trialsite_closed role; with any other the database answers `permission denied`.
"""

import json
import random
from collections.abc import Sequence
from statistics import mean
from typing import Any

from django.db import connection, transaction
from scipy.stats import norm

from analysis.domain import binary, sequential
from enrollment.domain import allocation
from enrollment.domain.protocol import Protocol, StoppingRule
from trialsite.accounts.models import Site, Study


@transaction.atomic
def generate_lists(sites: Sequence[int], *, rng: random.Random | None = None) -> None:
    """Extend the allocation list of each site so that the whole planned enrolment could come from it."""
    for site in Site.objects.filter(pk__in=sites).select_related("study").order_by("pk"):
        rules = site.study.protocols.latest().rules
        if rules.allocation is None:
            continue
        codes = [sequence.code for sequence in rules.sequences]
        slots = allocation.permuted_blocks(
            codes, rules.allocation.block_sizes, rules.planned_enrolment, rng or random.SystemRandom()
        )
        add_slots(site, rules, [(slot.block, slot.sequence) for slot in slots], rng or random.SystemRandom())


def add_slots(site: Site, rules: Protocol, slots: Sequence[tuple[int, str]], rng: random.Random) -> None:
    """Append `slots` (block, sequence code) to the list of `site`, unless it has free places enough."""
    study_wide = rules.allocation is not None and rules.allocation.stratify_by == "study"
    where = None if study_wide else site.pk
    arms = {sequence.code: sequence.arms for sequence in rules.sequences}
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('closed.slot'), %s)", [site.study_id])
        cursor.execute(
            "select coalesce(max(position), 0), coalesce(max(block), 0), count(*) filter (where participant_id is null)"
            " from closed.slot where study_id = %s and site_id is not distinct from %s",
            [site.study_id, where],
        )
        last, last_block, free = cursor.fetchone()
        if free >= len(slots):
            return
        cursor.execute("select kit_number from closed.kit where study_id = %s", [site.study_id])
        taken = {row[0] for row in cursor.fetchall()}
        kits = iter(allocation.kit_numbers(len(slots) * len(rules.periods), taken, rng))
        for offset, (block, sequence) in enumerate(slots, start=1):
            cursor.execute(
                "insert into closed.slot (study_id, site_id, position, block, sequence) values (%s, %s, %s, %s, %s)"
                " returning id",
                [site.study_id, where, last + offset, last_block + block, sequence],
            )
            (slot,) = cursor.fetchone()
            cursor.executemany(
                "insert into closed.kit (study_id, kit_number, slot_id, period, arm) values (%s, %s, %s, %s, %s)",
                [
                    (site.study_id, next(kits), slot, number, arm)
                    for number, arm in enumerate(arms[sequence], start=1)
                ],
            )


@transaction.atomic
def report(studies: Sequence[int]) -> None:
    """Compute the closed report of each study and store it where only unblinded sessions can read it."""
    for study in Study.objects.filter(pk__in=studies).order_by("pk"):
        rules = study.protocols.latest().rules
        if rules.allocation is None:
            continue
        content = _report(rules, _by_arm(study))
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into closed.report (study_id, report) values (%s, %s) on conflict (study_id) do update"
                " set report = excluded.report, serial = closed.report.serial + 1, computed_at = clock_timestamp()",
                [study.pk, json.dumps(content)],
            )


def _by_arm(study: Study) -> list[dict[str, Any]]:
    """One row a participant-period that was given: participant, arm, outcome."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select o.participant_id, k.arm, o.baseline, o.change, o.response, o.remission, o.evaluable, o.visits
            from analysis_outcome o
            join closed.slot s on s.participant_id = o.participant_id
            join closed.kit k on k.slot_id = s.id and k.period = o.period
            where o.study_id = %s order by o.participant_id, o.period
            """,
            [study.pk],
        )
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        if isinstance(row["visits"], str):
            row["visits"] = json.loads(row["visits"])
    return rows


def _report(rules: Protocol, rows: list[dict[str, Any]]) -> dict[str, Any]:
    evaluable: dict[int, dict[str, dict[str, Any]]] = {}
    for row in rows:
        if row["evaluable"]:
            evaluable.setdefault(row["participant_id"], {})[row["arm"]] = row
    completers = {
        who: by
        for who, by in evaluable.items()
        if len(by) == len({arm for s in rules.sequences for arm in s.arms})
    }
    return {
        "completers": len(completers),
        "arms": [_arm(rules, arm.code, arm.label, completers) for arm in rules.arms],
        "among_responders": _among_responders(rules, list(completers.values())),
        "monitoring": _monitoring(rules.stopping, list(completers.values())) if rules.stopping else None,
    }


def _arm(
    rules: Protocol, code: str, label: str, completers: dict[int, dict[str, dict[str, Any]]]
) -> dict[str, Any]:
    """Figures of one arm, over the completers."""
    rows = [by[code] for by in completers.values() if code in by]
    visits = []
    for visit in rules.visits:
        if visit.code == rules.endpoints.baseline_visit:
            totals = [row["baseline"] for row in rows]
        else:
            totals = [row["visits"].get(visit.code, {}).get("total") for row in rows]
        known = [total for total in totals if total is not None]
        visits.append(
            {
                "visit": visit.code,
                "label": visit.label,
                "day": visit.day,
                "n": len(known),
                "mean": mean(known) if known else None,
            }
        )
    responders = [row for row in rows if row["response"]]
    return {
        "code": code,
        "label": label,
        "n": len(rows),
        "responders": len(responders),
        "remitters": sum(bool(row["remission"]) for row in rows),
        "mean_change": mean(row["change"] for row in rows) if rows else None,
        "visits": visits,
    }


def _among_responders(rules: Protocol, completers: list[dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """For each arm: the completers who responded with it, and what every arm did in the same people."""
    codes = [arm.code for arm in rules.arms]
    found = []
    for code in codes:
        people = [by for by in completers if by[code]["response"]]
        found.append(
            {
                "arm": code,
                "n": len(people),
                "arms": [
                    {
                        "arm": other,
                        "responders": sum(bool(by[other]["response"]) for by in people),
                        "remitters": sum(bool(by[other]["remission"]) for by in people),
                        "mean_change": mean(by[other]["change"] for by in people) if people else None,
                    }
                    for other in codes
                ],
            }
        )
    return found


def _monitoring(rule: StoppingRule, completers: list[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """The stopping rule at the latest look that is due: McNemar's exact test against the boundary.

    The exact two-sided p-value is put on the z scale, z = Φ⁻¹(1 − p/2), to be held against the boundary.
    """
    reference, other = rule.compare
    first = sum(bool(by[reference]["response"]) and not by[other]["response"] for by in completers)
    second = sum(bool(by[other]["response"]) and not by[reference]["response"] for by in completers)
    both = sum(bool(by[other]["response"]) and bool(by[reference]["response"]) for by in completers)
    due = [look for look in rule.looks if len(completers) >= look.completers]
    result: dict[str, Any] = {
        "completers": len(completers),
        "compare": [reference, other],
        "only_first": first,
        "only_second": second,
        "both": both,
        "neither": len(completers) - first - second - both,
        "spending": rule.spending,
        "alpha": rule.alpha,
        "looks": [{"number": look.number, "completers": look.completers} for look in rule.looks],
        "look_due": due[-1].number if due else None,
        "flag": "no look due",
    }
    final = rule.looks[-1].completers
    plan = sequential.boundary(
        rule.spending, [look.completers / final for look in rule.looks], rule.alpha, rule.sides
    )
    for look, planned in zip(result["looks"], plan, strict=True):
        look["boundary"] = planned
    if due:
        information = [look.completers / final for look in due]
        p = binary.mcnemar_exact(first, second)
        z = float(norm.isf(p / 2))
        boundaries = {
            spending: sequential.boundary(spending, information, rule.alpha, rule.sides)[-1]
            for spending in dict.fromkeys([rule.spending, "pocock", "obrien_fleming", "haybittle_peto"])
        }
        result |= {"p": p, "z": z, "boundary": boundaries[rule.spending], "boundaries": boundaries}
        result["flag"] = "efficacy boundary crossed" if z >= boundaries[rule.spending] else "continue"
    return result
