"""The closed pages, from what the database gave. Nothing is computed here."""

from dataclasses import dataclass
from datetime import date

from analysis.interim_data import LookChange, today_of
from analysis.models import Look
from analysis.monitoring.figures import ClosedReport, EndedLook
from analysis.monitoring.guesses import guess_sections
from analysis.monitoring.records import FrozenLook, LiveReport, LogRow, SignedDecision
from analysis.monitoring.report_sections import ended_sections, report_sections, why_ended
from analysis.monitoring.sections import DataCut, ReportSection
from analysis.monitoring.text import RECOMMENDATIONS, moment
from analysis.outcomes.rules import protocol_in_force
from enrollment.halts.text import standing_sentence
from enrollment.models import EnrollmentPause
from trialsite.accounts.models import Study


@dataclass(frozen=True, slots=True)
class PlannedLookRow:
    """A planned look with the public record of it where there is one; `changed`: whether its data are different now."""

    number: int
    completers: int
    look: Look | None
    on: date | None
    due: bool
    may_request: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class LivePage:
    """The live report, the looks of the protocol with what has become of each, and the pause if there is one."""

    study: Study
    report: ClosedReport | None
    serial: int
    sections: list[ReportSection]
    looks: list[PlannedLookRow]
    pause: EnrollmentPause | None
    standing_still: str


@dataclass(frozen=True, slots=True)
class LookPage:
    """A frozen look: its report, its decision, and in what its data have changed since."""

    study: Study
    look: Look
    frozen_look: FrozenLook
    sections: list[ReportSection]
    recommendation: str
    changed: tuple[LookChange, ...]

    @property
    def decision(self) -> SignedDecision | None:
        return self.frozen_look.decision

    @property
    def has_safety_rule(self) -> bool:
        return bool(self.frozen_look.figures.safety)


def live_page(study: Study, live: LiveReport | None) -> LivePage:
    report = live.report if live else None
    return LivePage(
        study=study,
        report=report,
        serial=live.serial if live else 0,
        sections=_live_sections(study, live) if live else [],
        looks=_looks(study, report),
        pause=EnrollmentPause.objects.filter(study=study, lifted_at=None).first(),
        standing_still=standing_sentence(study),
    )


def _live_sections(study: Study, live: LiveReport) -> list[ReportSection]:
    report = live.report
    cut = DataCut(
        None,
        moment(live.computed_at),
        report.rows_sha256,
        report.protocol_version,
        report.protocol_sha256,
    )
    protocol = protocol_in_force(study).definition
    labels = {arm.code: arm.label for arm in protocol.arms}
    return [
        *_with_end(report_sections(protocol, report.figures, cut), report.ended),
        *guess_sections(report.guesses, labels),
    ]


def _with_end(sections: list[ReportSection], ended: EndedLook | None) -> list[ReportSection]:
    """The figures after a stop behind the primary result; they are those of the look at which the trial ended."""
    if ended is None:
        return sections
    why = why_ended(ended.number, ended.monitoring, ended.stopped)
    slugs = [section.slug for section in sections]
    place = slugs.index("primary") + 1 if "primary" in slugs else len(sections)
    return [*sections[:place], *ended_sections(ended.monitoring, why), *sections[place:]]


def _looks(study: Study, report: ClosedReport | None) -> list[PlannedLookRow]:
    """Planned looks: the public record of each where there is one, and what can be done next."""
    rule = protocol_in_force(study).definition.stopping
    taken = {look.number: look for look in Look.objects.filter(study=study).select_related("decided_by")}
    completers = report.figures.completers if report else 0
    today = today_of(study)
    rows = []
    for planned in rule.looks if rule else ():
        look = taken.get(planned.number)
        due = planned.due(completers, today)
        before = all(k in taken and taken[k].decision for k in range(1, planned.number))
        rows.append(
            PlannedLookRow(
                number=planned.number,
                completers=planned.completers,
                look=look,
                on=planned.day(),
                due=due,
                may_request=look is None and before and due,
                changed=bool(report and report.changed.get(str(planned.number))),
            )
        )
    return rows


def look_page(look: Look, frozen_look: FrozenLook, live: LiveReport | None) -> LookPage:
    protocol, decision = look.protocol, frozen_look.decision
    cut = DataCut(
        look.number,
        moment(frozen_look.taken_at),
        frozen_look.cut_sha256,
        protocol.version,
        protocol.sha256,
    )
    sections = report_sections(
        protocol.definition, frozen_look.figures, cut, decision, frozen_look.safety_report
    )
    return LookPage(
        study=look.study,
        look=look,
        frozen_look=frozen_look,
        sections=sections,
        recommendation=str(RECOMMENDATIONS[decision.recommendation]) if decision else "",
        changed=live.report.changed.get(str(look.number), ()) if live else (),
    )


def log_row(look: Look) -> LogRow:
    return LogRow(
        number=look.number,
        completers=look.completers,
        taken_at=moment(look.taken_at) if look.taken_at else "–",
        decision=look.decision,
        decided_by=look.decided_by.printed_name if look.decided_by else "–",
        decided_at=moment(look.decided_at) if look.decided_at else "–",
    )
