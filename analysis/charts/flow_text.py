"""The flow of participants in words, as CONSORT asks for crossover trials: Dwan et al. (2019), doi:10.1136/bmj.l4378.

That statement reports the flow by sequence; a blinded page can't, so there everything is over all sequences.
"""

from collections import Counter
from collections.abc import Sequence

from django.utils.translation import gettext as _

from analysis.charts.flow import FlowStep
from analysis.domain.flow import Stop, ending, reached
from enrollment.protocol.model import Protocol

# Exclusions for more than one reason are told apart up to so many combinations.
COMBINATIONS = 4


def enrolment_steps(stops: Counter[Stop], protocol: Protocol, screened_again: int = 0) -> list[FlowStep]:
    """From everybody assessed to those who were randomised, over all sequences. `screened_again`: how many of them were
    screened more than once; each is one person here."""
    again = ((_("of these, screened more than once"), screened_again),) if screened_again else ()
    out = ending(stops, 0)
    excluded = Counter({stop: n for stop, n in out.items() if stop.reason != "screening"})
    screening = out.total() - excluded.total()
    return [
        FlowStep(_("Assessed for eligibility"), reached(stops, 0), reasons=again),
        _out(_("Excluded"), _exclusions(excluded)),
        FlowStep(_("Still in screening, or awaiting randomisation"), screening, True),
        FlowStep(_("Randomised") if protocol.allocation else _("Enrolled"), reached(stops, 1)),
    ]


def period_steps(
    stops: Counter[Stop], protocol: Protocol, treatments: Sequence[str] = (), sequence: str = ""
) -> list[FlowStep]:
    """From the first period to the analysis, of those who were randomised; the same steps for whatever `stops`.

    `treatments`: the treatment of each period, and `sequence` its code, where they may be known.
    """
    allocated = FlowStep(_("Sequence %(code)s") % {"code": sequence}, reached(stops, 1))
    steps: list[FlowStep] = [allocated] if sequence else []
    for stage, period in enumerate(protocol.periods, start=1):
        steps.append(
            _out(
                _("Not treated in period %(n)d") % {"n": period.number},
                [(_not_treated(stop, protocol), n) for stop, n in sorted(ending(stops, stage).items())],
            )
        )
        what = treatments[stage - 1] if treatments else _("treatment")
        label = _("Period %(n)d: %(what)s given") % {"n": period.number, "what": what}
        steps.append(FlowStep(label, reached(stops, stage + 1)))
    last = len(protocol.periods) + 1
    missing = [(_not_analysed(stop, protocol), n) for stop, n in sorted(ending(stops, last).items())]
    steps.append(_out(_("Not evaluable in every period"), missing))
    return [*steps, FlowStep(_("Completers: evaluable in every period"), reached(stops, last + 1))]


def _out(label: str, reasons: Sequence[tuple[str, int]]) -> FlowStep:
    """One box of those who leave, its reasons inside."""
    return FlowStep(label, sum(n for _reason, n in reasons), True, tuple(reasons))


def _exclusions(excluded: Counter[Stop]) -> list[tuple[str, int]]:
    """Reasons that add up: each person stands at one of them, who has several at a line that says so."""
    single = [(stop, n) for stop, n in sorted(excluded.items()) if len(stop.criteria) < 2]
    several = [(stop, n) for stop, n in sorted(excluded.items()) if len(stop.criteria) > 1]
    lines = [(_exclusion(stop), n) for stop, n in single]
    if len(several) <= COMBINATIONS:
        return lines + [(_(" and ").join(stop.criteria), n) for stop, n in several]
    return [*lines, (_("more than one criterion"), sum(n for _stop, n in several))]


def _exclusion(stop: Stop) -> str:
    if stop.reason == "withdrawn":
        return _("withdrawn before they were randomised")
    return stop.criteria[0] if stop.criteria else _("another reason")


def _not_treated(stop: Stop, protocol: Protocol) -> str:
    if stop.reason == "not_given":
        return _("treatment not given")
    if stop.stage == 1:
        return _("withdrawn") if stop.reason == "withdrawn" else _("not yet")
    before = {"n": protocol.periods[stop.stage - 2].number}
    if stop.reason == "withdrawn":
        return _("withdrawn in period %(n)d, or after it") % before
    return _("not yet: in period %(n)d, or after it") % before


def _not_analysed(stop: Stop, protocol: Protocol) -> str:
    visit = protocol.visit(protocol.endpoints.primary_visit).label
    words = {
        "withdrawn": _("period %(n)d: withdrawn before it was evaluable"),
        "to_come": _("period %(n)d: still to be rated"),
        "no_baseline": _("period %(n)d: no baseline total above 0"),
        "no_primary": _("period %(n)d: no total at %(visit)s"),
    }
    return words[stop.reason] % {"n": stop.period, "visit": visit}
