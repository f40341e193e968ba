"""The flow of participants in words, as CONSORT asks for crossover trials: Dwan et al. (2019), doi:10.1136/bmj.l4378.

That statement reports the flow by sequence; a blinded page can't, so there everything is over all sequences.
"""

from collections import Counter
from collections.abc import Sequence

from django.utils.translation import gettext as _

from analysis.chart_flow import Step
from analysis.domain.flow import Stop, ending, reached
from enrollment.domain.protocol import Protocol

# Exclusions for more than one reason are told apart up to so many combinations.
COMBINATIONS = 4


def enrolment_steps(stops: Counter[Stop], rules: Protocol) -> list[Step]:
    """From everybody assessed to those who were randomised, over all sequences."""
    out = ending(stops, 0)
    excluded = Counter({stop: n for stop, n in out.items() if stop.reason != "screening"})
    screening = out.total() - excluded.total()
    return [
        Step(_("Assessed for eligibility"), reached(stops, 0)),
        _out(_("Excluded"), _exclusions(excluded)),
        Step(_("Still in screening, or waiting to be randomised"), screening, True),
        Step(_("Randomised") if rules.allocation else _("Enrolled"), reached(stops, 1)),
    ]


def period_steps(
    stops: Counter[Stop], rules: Protocol, given: Sequence[str] = (), sequence: str = ""
) -> list[Step]:
    """From the first period to the analysis, of those who were randomised; the same steps for whatever `stops`.

    `given`: the treatment of each period, and `sequence` its code, where they may be known.
    """
    allocated = Step(_("Sequence %(code)s") % {"code": sequence}, reached(stops, 1))
    steps: list[Step] = [allocated] if sequence else []
    for stage, period in enumerate(rules.periods, start=1):
        steps.append(
            _out(
                _("Not treated in period %(n)d") % {"n": period.number},
                [(_not_treated(stop, rules), n) for stop, n in sorted(ending(stops, stage).items())],
            )
        )
        what = given[stage - 1] if given else _("treatment")
        said = _("Period %(n)d: %(what)s given") % {"n": period.number, "what": what}
        steps.append(Step(said, reached(stops, stage + 1)))
    last = len(rules.periods) + 1
    missing = [(_not_analysed(stop, rules), n) for stop, n in sorted(ending(stops, last).items())]
    steps.append(_out(_("Not evaluable in every period"), missing))
    return [*steps, Step(_("Completers: evaluable in every period"), reached(stops, last + 1))]


def _out(label: str, reasons: Sequence[tuple[str, int]]) -> Step:
    """One box of those who leave, its reasons inside."""
    return Step(label, sum(n for _reason, n in reasons), True, tuple(reasons))


def _exclusions(excluded: Counter[Stop]) -> list[tuple[str, int]]:
    """Reasons that add up: each person stands at one of them, who has several at a line that says so."""
    one = [(stop, n) for stop, n in sorted(excluded.items()) if len(stop.criteria) < 2]
    several = [(stop, n) for stop, n in sorted(excluded.items()) if len(stop.criteria) > 1]
    lines = [(_exclusion(stop), n) for stop, n in one]
    if len(several) <= COMBINATIONS:
        return lines + [(_(" and ").join(stop.criteria), n) for stop, n in several]
    return [*lines, (_("more than one criterion"), sum(n for _stop, n in several))]


def _exclusion(stop: Stop) -> str:
    if stop.reason == "withdrawn":
        return _("withdrawn before they were randomised")
    return stop.criteria[0] if stop.criteria else _("another reason")


def _not_treated(stop: Stop, rules: Protocol) -> str:
    if stop.reason == "not_given":
        return _("treatment not given")
    if stop.stage == 1:
        return _("withdrawn") if stop.reason == "withdrawn" else _("not yet")
    before = {"n": rules.periods[stop.stage - 2].number}
    if stop.reason == "withdrawn":
        return _("withdrawn in period %(n)d, or after it") % before
    return _("not yet: in period %(n)d, or after it") % before


def _not_analysed(stop: Stop, rules: Protocol) -> str:
    visit = rules.visit(rules.endpoints.primary_visit).label
    words = {
        "withdrawn": _("period %(n)d: withdrawn before it was evaluable"),
        "to_come": _("period %(n)d: still to be rated"),
        "no_baseline": _("period %(n)d: no baseline total above 0"),
        "no_primary": _("period %(n)d: no total at %(visit)s"),
    }
    return words[stop.reason] % {"n": stop.period, "visit": visit}
