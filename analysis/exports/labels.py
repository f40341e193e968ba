"""The codes of a study, with their labels, over all versions of its protocol: what a codebook needs to be read alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.domain.patterns import NONE, patterns
from analysis.exports.columns import Column
from assessments.domain.instrument import Instrument
from assessments.selectors import instrument_of
from enrollment.domain.eligibility import TREATMENTS_COMPLETE
from enrollment.protocol.model import Protocol
from trialsite.accounts.models import Study

# Beyond this a list of every pattern helps nobody: 6 periods have 64.
LISTED_PERIODS = 6
SCREENING = {"SCREENING": "Screening"}


@dataclass(frozen=True, slots=True)
class Labels:
    """By code. `editions`: each instrument as the protocol versions use it, in their order. `form_reasons`: why an item of a
    form has no value."""

    sites: dict[str, str]
    periods: dict[str, str]
    visits: dict[str, str]
    facts: dict[str, str]
    criteria: dict[str, str]
    editions: dict[str, list[Instrument]]
    form_reasons: dict[str, str]

    @property
    def instruments(self) -> dict[str, str]:
        return {code: editions[-1].name for code, editions in self.editions.items()}

    @property
    def reasons(self) -> dict[str, str]:
        """Why an item has no value."""
        return {
            code: label
            for editions in self.editions.values()
            for edition in editions
            for code, label in edition.missing_reasons
        }

    @property
    def site(self) -> Column:
        return Column("site", "s.code", "Site code", codes=self.sites)

    def period(self, sql: str, without: str = "") -> Column:
        label = f"Period; empty for {without}" if without else "Period"
        return Column("period", sql, label, codes=self.periods, kind="integer")

    def visit(self, sql: str, without: str = "") -> Column:
        label = "Visit code of the protocol" + (f"; empty for {without}" if without else "")
        return Column("visit", sql, label, codes=SCREENING | self.visits)


def labels_of(study: Study) -> Labels:
    """Of `study`, a later version of its protocol before an earlier one where both name a code."""
    protocols = [version.definition for version in study.protocols.all()]
    editions: dict[str, list[Instrument]] = {}
    for protocol in protocols:
        for use in protocol.instruments:
            editions.setdefault(use.code, []).append(instrument_of(protocol, use.code))
    criteria = [criterion for protocol in protocols for criterion in protocol.criteria]
    return Labels(
        sites={site.code: site.name for site in study.sites.all()},
        periods={str(period.number): period.label for p in protocols for period in p.periods},
        visits={visit.code: visit.label for p in protocols for visit in p.visits},
        facts={criterion.fact: criterion.name for criterion in criteria}
        | {TREATMENTS_COMPLETE: "List of treatments complete"},
        criteria={criterion.id: criterion.name for criterion in criteria},
        editions=editions,
        form_reasons={reason.code: reason.label for p in protocols for reason in p.missing_reasons},
    )


def sequences(protocol: Protocol) -> dict[str, str]:
    """Each order of treatments in words. Unblinded."""
    arms = arm_labels(protocol)
    return {s.code: ", then ".join(arms[arm] for arm in s.arms) for s in protocol.sequences}


def arm_labels(protocol: Protocol) -> dict[str, str]:
    return {arm.code: arm.label for arm in protocol.arms}


def pattern_column(sql: str, periods: Sequence[int]) -> Column:
    """Which periods had a response; every pattern is listed while they are few."""
    label = "Periods of this participant with a response, joined by +"
    if len(periods) > LISTED_PERIODS:
        values = f"numbers of periods joined by +, or {NONE}; empty unless every period is evaluable"
        return Column("pattern", sql, label, values)
    codes = {
        code: "No response in any period"
        if code == NONE
        else f"Response in period {code.replace('+', ' and ')}"
        for code in patterns(periods)
    }
    values = f"{', '.join(codes)}; empty unless every period is evaluable"
    return Column("pattern", sql, label, values, codes=codes)
