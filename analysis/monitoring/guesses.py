"""What participants and raters guess that the treatment was, by period: whether the blind held. Unblinded.

Reads the closed schema, so only the unblinded worker's role may call `guess_figures`. Counts by arm leave it, never a
participant's guess.
"""

from collections.abc import Iterable, Mapping

from django.db import connection
from django.utils.translation import gettext as _

from analysis.domain.blinding import Guesses, bang, james
from analysis.domain.intervals import Interval
from analysis.monitoring.guess_figures import ArmGuesses, GuessFigures
from analysis.monitoring.sections import ReportSection
from analysis.monitoring.tables import FigureTable
from analysis.monitoring.text import figure, span
from assessments.entry.selectors import form_of
from assessments.models import FormVersion
from enrollment.protocol.model import Protocol
from trialsite.accounts.models import Study

COUNTS = """
    select p.number, k.arm, coalesce(r.items ->> %(item)s, ''), count(*)
    from assessments_record r
    join enrollment_participant t on t.id = r.participant_id
    join enrollment_visit v on v.id = r.visit_id
    join enrollment_period p on p.id = v.period_id
    join closed.slot l on l.participant_id = t.id
    join closed.kit k on k.slot_id = l.id and k.period = p.number
    where t.study_id = %(study)s and r.form = %(form)s and r.status in ('complete', 'incomplete')
    group by 1, 2, 3
"""
Counts = dict[tuple[int, str, str], int]


def guess_figures(study: Study, protocol: Protocol) -> tuple[GuessFigures, ...]:
    """Of each form of the protocol that asks for a guess, in each period; none where there are not two arms, of which the
    indices are."""
    if len(protocol.arms) != 2:
        return ()
    versions = {use.code: use.version for use in protocol.forms}
    definitions = [
        definition
        for definition in FormVersion.objects.filter(study=study, code__in=versions)
        if versions[definition.code] == definition.version
    ]
    figures = []
    for form in sorted(map(form_of, definitions), key=lambda form: list(versions).index(form.code)):
        if form.treatment_guess:
            counts = _counts(study, form.code, form.treatment_guess)
            figures += [
                _of_period(protocol, form.code, form.title.text(), period.number, counts)
                for period in protocol.periods
            ]
    return tuple(figures)


def _counts(study: Study, form: str, item: str) -> Counts:
    """(period, arm, answer) → records; without an answer the answer is empty."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {"study": study.pk, "form": form, "item": item})
        return {(period, arm, answer): count for period, arm, answer, count in cursor.fetchall()}


def _of_period(protocol: Protocol, form: str, title: str, period: int, counts: Counts) -> GuessFigures:
    codes = [arm.code for arm in protocol.arms]
    guesses = {arm: _guesses(arm, codes, period, counts) for arm in codes}
    return GuessFigures(
        form=form,
        title=title,
        period=period,
        arms=tuple(
            ArmGuesses(arm, own.right, own.wrong, own.unknown, sum(_of(counts, period, arm, {""})), bang(own))
            for arm, own in guesses.items()
        ),
        james=james(guesses[codes[0]], guesses[codes[1]]),
    )


def _guesses(arm: str, codes: list[str], period: int, counts: Counts) -> Guesses:
    right = sum(_of(counts, period, arm, {arm}))
    wrong = sum(_of(counts, period, arm, set(codes) - {arm}))
    asked = sum(
        count for (number, own, answer), count in counts.items() if (number, own) == (period, arm) and answer
    )
    return Guesses(right, wrong, asked - right - wrong)


def _of(counts: Counts, period: int, arm: str, answers: set[str]) -> Iterable[int]:
    return (
        count
        for (number, own, answer), count in counts.items()
        if (number, own) == (period, arm) and answer in answers
    )


def guess_sections(figures: Iterable[GuessFigures], labels: Mapping[str, str]) -> list[ReportSection]:
    """A table for each form; none where nobody was asked. `labels`: of the arms."""
    by_form: dict[str, list[GuessFigures]] = {}
    for part in figures:
        if any(arm.asked for arm in part.arms):
            by_form.setdefault(part.form, []).append(part)
    if not by_form:
        return []
    sentences = (
        _(
            "What was guessed in each period, against what the participant had in it. Bang’s index of an arm: 1 if everybody"
            " guessed right, 0 as by chance, −1 if everybody guessed the other arm. James’ index of both arms: 1 if nobody"
            " knows, 0.5 as by chance, 0 if everybody guessed right."
        ),
        _(
            "A guess on the day after follows the effect too: an index above 0 with a treatment that works does not show by"
            " itself that the blind was broken."
        ),
    )
    tables = tuple(_table(parts, labels) for parts in by_form.values())
    return [ReportSection("guesses", _("Guesses of the treatment"), sentences, tables)]


def _table(parts: list[GuessFigures], labels: Mapping[str, str]) -> FigureTable:
    rows = [
        (
            _("Period %(n)d, %(arm)s") % {"n": part.period, "arm": labels.get(arm.arm, arm.arm)},
            str(arm.right),
            str(arm.wrong),
            str(arm.unknown),
            str(arm.without_answer),
            *_index(arm.bang),
            *_index(part.james),
        )
        for part in parts
        for arm in part.arms
    ]
    columns = (
        _("Period and treatment"),
        _("Right"),
        _("Wrong"),
        _("Do not know"),
        _("No answer"),
        _("Bang’s index"),
        _("95 % interval"),
        _("James’ index of the period"),
        _("95 % interval"),
    )
    note = _(
        "Wald intervals; a dash: not defined, or no width since all guesses are alike. No answer counts in no index."
    )
    return FigureTable(parts[0].title, columns, tuple(rows), note)


def _index(index: Interval | None) -> tuple[str, str]:
    if index is None:
        return "–", "–"
    width = index.low != index.high
    return figure(index.estimate, 2), span(index.low, index.high, 2) if width else "–"
