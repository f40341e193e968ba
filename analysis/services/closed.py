"""What only the unblinded worker does: allocation lists and the closed report.

Runs with the trialsite_closed role; with any other the database answers `permission denied`.
"""

import json
import random
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Count

from analysis.board_report import results
from analysis.closed import SHAPE
from analysis.looks import changes, data_of, today_of
from analysis.rules import protocol_in_force
from analysis.services.frozen import earlier_looks, ended_look, freeze, print_reports
from enrollment.domain import allocation
from enrollment.domain.protocol import Protocol
from enrollment.models import Participant
from trialsite.accounts.models import Site, Study
from trialsite.lib import canonical

# Participants from which on a report takes seconds.
LARGE = 5000


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
            "select count(*) from closed.slot"
            " where study_id = %s and site_id is not distinct from %s and participant_id is null",
            [site.study_id, where],
        )
        if cursor.fetchone()[0] >= len(slots):
            return
        cursor.execute("select kit_number from closed.kit where study_id = %s", [site.study_id])
        taken = {row[0] for row in cursor.fetchall()}
        kits = iter(allocation.kit_numbers(len(slots) * len(rules.periods), taken, rng))
        places = [
            {"block": block, "sequence": code, "kits": [[next(kits), arm] for arm in arms[code]]}
            for block, code in slots
        ]
        cursor.execute(
            "select closed.extend_list(%s, %s, %s)", [site.study_id, where, canonical.encode(places).decode()]
        )


def report_lanes(studies: Sequence[int]) -> list[tuple[int, int]]:
    """In which order reports are computed, and what holds up what: (study, lane) for `outbox.drain_apart`.

    The smallest study first, each in a lane of its own; those of more than LARGE participants share lane 0, so that they
    never take every process of the worker at once.
    """
    counts = (
        Participant.objects.filter(study__in=studies).order_by().values_list("study").annotate(Count("id"))
    )
    sizes = dict.fromkeys(studies, 0) | dict(counts)
    return [
        (study, study if size <= LARGE else 0)
        for study, size in sorted(sizes.items(), key=lambda item: item[::-1])
    ]


@transaction.atomic
def report(studies: Sequence[int]) -> None:
    """Compute the closed report of each study and store it where only unblinded sessions can read it.

    Looks that were asked for are frozen first, so that the report can say whether data have changed since.
    """
    freeze(studies)
    print_reports(studies)
    for study in Study.objects.filter(pk__in=studies).order_by("pk"):
        protocol = protocol_in_force(study)
        if protocol.rules.allocation is None:
            continue
        data = data_of(study, protocol.rules)
        content = results(protocol.rules, data, earlier=earlier_looks(study), today=today_of(study))
        content |= {"shape": SHAPE, "rows_sha256": canonical.sha256(data), "changed": _changed(study, data)}
        content["ended"] = ended_look(study)
        content["protocol"] = {"version": protocol.version, "sha256": protocol.sha256}
        with connection.cursor() as cursor:
            cursor.execute(
                "select closed.store_report(%s, %s)", [study.pk, canonical.encode(content).decode()]
            )


def _changed(study: Study, data: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Look number → what of its frozen rows is different in `data`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.number, l.cut from closed.look l join analysis_look a on a.id = l.look_id"
            " where l.study_id = %s order by a.number",
            [study.pk],
        )
        return {str(number): changes(json.loads(cut)["data"], data) for number, cut in cursor.fetchall()}
