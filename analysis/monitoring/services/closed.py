"""What only the unblinded worker does: allocation lists and the closed report.

Runs with the trialsite_closed role; with any other the database answers `permission denied`.
"""

import random
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Count

from analysis.interim_data import InterimData, LookChange, changes, data_of, today_of
from analysis.monitoring.earlier import cut_data
from analysis.monitoring.figures import REPORT_SHAPE, ClosedReport
from analysis.monitoring.guesses import guess_figures
from analysis.monitoring.report import results
from analysis.monitoring.services.frozen import earlier_looks, ended_look, freeze, print_reports
from analysis.outcomes.rules import protocol_in_force
from enrollment.domain import allocation
from enrollment.models import Participant
from enrollment.protocol.model import Protocol
from trialsite.accounts.models import Site, Study
from trialsite.audit.models import Outbox
from trialsite.audit.outbox import enqueue
from trialsite.lib import canonical, codec

# Participants from which on a report takes seconds.
LARGE = 5000


@transaction.atomic
def generate_lists(sites: Sequence[int], *, rng: random.Random | None = None) -> None:
    """Extend the allocation list of each site so that the whole planned enrolment could come from it."""
    for site in Site.objects.filter(pk__in=sites).select_related("study").order_by("pk"):
        protocol = site.study.protocols.latest().definition
        if protocol.allocation is None:
            continue
        codes = [sequence.code for sequence in protocol.sequences]
        slots = allocation.permuted_blocks(
            codes, protocol.allocation.block_sizes, protocol.planned_enrolment, rng or random.SystemRandom()
        )
        add_slots(
            site,
            protocol,
            [(slot.block, slot.sequence) for slot in slots],
            rng or random.SystemRandom(),
            with_kits=protocol.supply is None,
        )
        if protocol.supply:
            enqueue(Outbox.Kind.SUPPLY, [site.pk])


def add_slots(
    site: Site,
    protocol: Protocol,
    slots: Sequence[tuple[int, str]],
    rng: random.Random,
    *,
    with_kits: bool = True,
) -> None:
    """Append `slots` (block, sequence code) to the list of `site`, unless it has free places enough. Without kits they are
    given those of the site's stock."""
    study_wide = protocol.allocation is not None and protocol.allocation.stratify_by == "study"
    where = None if study_wide else site.pk
    arms = {sequence.code: sequence.arms for sequence in protocol.sequences}
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('closed.slot'), %s)", [site.study_id])
        cursor.execute(
            "select count(*) from closed.slot"
            " where study_id = %s and site_id is not distinct from %s and participant_id is null",
            [site.study_id, where],
        )
        if cursor.fetchone()[0] >= len(slots):
            return
        kits = iter(
            allocation.kit_numbers(len(slots) * len(protocol.periods), kits_taken(site.study_id), rng)
        )
        places = [
            {
                "block": block,
                "sequence": code,
                "kits": [[next(kits), arm] for arm in arms[code]] if with_kits else [],
            }
            for block, code in slots
        ]
        cursor.execute(
            "select closed.extend_list(%s, %s, %s)", [site.study_id, where, canonical.encode(places).decode()]
        )


def kits_taken(study: int) -> set[str]:
    """The numbers of all kits that there are, on lists and in stocks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select kit_number from closed.kit where study_id = %(study)s"
            " union select kit_number from closed.stock where study_id = %(study)s",
            {"study": study},
        )
        return {number for (number,) in cursor.fetchall()}


def report_partitions(studies: Sequence[int]) -> list[tuple[int, int]]:
    """In which order reports are computed, and what holds up what: (study, partition) for
    `outbox.process_partitions`.

    The smallest study first, each in a partition of its own; those of more than LARGE participants share partition 0, so
    that they never take every process of the worker at once.
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
        if protocol.definition.allocation is None:
            continue
        data = data_of(study, protocol.definition)
        figures = results(protocol.definition, data, earlier=earlier_looks(study), today=today_of(study))
        content = ClosedReport(
            figures=figures,
            rows_sha256=canonical.sha256(codec.encode(data)),
            changed=_changed(study, data),
            ended=ended_look(study),
            guesses=guess_figures(study, protocol.definition),
            protocol_version=protocol.version,
            protocol_sha256=protocol.sha256,
        )
        stored = {"shape": REPORT_SHAPE, **codec.encode(content)}
        with connection.cursor() as cursor:
            cursor.execute(
                "select closed.store_report(%s, %s)", [study.pk, canonical.encode(stored).decode()]
            )


def _changed(study: Study, data: InterimData) -> dict[str, tuple[LookChange, ...]]:
    """Look number → what of its frozen rows is different in `data`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.number, l.cut from closed.look l join analysis_look a on a.id = l.look_id"
            " where l.study_id = %s order by a.number",
            [study.pk],
        )
        return {str(number): changes(cut_data(cut), data) for number, cut in cursor.fetchall()}
