"""The sentences of "why is this flag on?": what was seen, and what was needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analysis.domain import response
from analysis.domain.patterns import NONE
from analysis.models import Outcome, ParticipantOutcome

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A flag: `anchor` in the page, name, value in a word, and the sentence that gives the reason."""

    anchor: str
    name: str
    value: str
    sentence: str


def yes_no(value: bool | None) -> str:
    """None is never no."""
    return _("not evaluable") if value is None else _("yes") if value else _("no")


def fall(baseline: int, total: int) -> str:
    """ "24 → 11 is a fall of 13"."""
    change = total - baseline
    values = {"before": baseline, "after": total, "points": abs(change)}
    if change == 0:
        return _("%(before)d → %(after)d is no change") % values
    if change > 0:
        return _("%(before)d → %(after)d is a rise of %(points)d") % values
    return _("%(before)d → %(after)d is a fall of %(points)d") % values


def response_text(outcome: Outcome, rules: response.OutcomeRules, labels: Labels) -> Explanation:
    total = outcome.visits.get(rules.primary_visit, {}).get("total")
    if outcome.baseline is None or total is None or outcome.baseline == 0:
        sentence = _not_evaluable(outcome, rules, labels)
    else:
        sentence = _("%(verdict)s: %(fall)s; at least %(needed)d is needed.") % {
            "verdict": _("Response") if outcome.response else _("No response"),
            "fall": fall(outcome.baseline, total),
            "needed": response.points_needed(outcome.baseline, rules),
        }
    return Explanation(f"response-{outcome.period}", _("Response"), yes_no(outcome.response), sentence)


def remission_text(outcome: Outcome, rules: response.OutcomeRules, labels: Labels) -> Explanation:
    total = outcome.visits.get(rules.primary_visit, {}).get("total")
    if outcome.remission is None:
        sentence = _not_evaluable(outcome, rules, labels)
    else:
        sentence = _("%(verdict)s: the total at %(visit)s is %(total)d; at most %(maximum)d is needed.") % {
            "verdict": _("Remission") if outcome.remission else _("No remission"),
            "visit": labels[rules.primary_visit],
            "total": total,
            "maximum": rules.remission_max,
        }
    return Explanation(f"remission-{outcome.period}", _("Remission"), yes_no(outcome.remission), sentence)


def courses(outcome: Outcome, rules: response.OutcomeRules, labels: Labels) -> list[Explanation]:
    """Sustained response and relapse."""
    later = response.later_visits(rules)
    reason = _course(outcome, rules, labels, later)
    sustained, relapse = yes_no(outcome.sustained), yes_no(outcome.relapse)
    if outcome.response is False:
        relapse = _("no response to lose")
    if not later:
        sustained = relapse = undefined()
    return [
        Explanation(f"sustained-{outcome.period}", _("Sustained response"), sustained, reason),
        Explanation(f"relapse-{outcome.period}", _("Relapse"), relapse, reason),
    ]


def undefined() -> str:
    """Of sustained response and relapse, where no visit follows the primary one."""
    return _("not defined by this protocol")


def _uncounted(outcome: Outcome, code: str, labels: Labels) -> str:
    """Why the rating at this visit does not count; empty where it does."""
    side = outcome.not_counted.get(code)
    if not side:
        return ""
    sentence = (
        _("Not evaluable: the rating at %(visit)s is dated before the dose.")
        if side == "before_dose"
        else _("Not evaluable: the rating at %(visit)s is dated after the dose.")
    )
    return sentence % {"visit": labels[code]}


def _course(outcome: Outcome, rules: response.OutcomeRules, labels: Labels, later: Sequence[str]) -> str:
    if not later:
        return _("No visit follows %(visit)s.") % {"visit": labels[rules.primary_visit]}
    if outcome.response is None or outcome.baseline is None:
        return _not_evaluable(outcome, rules, labels)
    if not outcome.response:
        return _("There was no response at %(visit)s.") % {"visit": labels[rules.primary_visit]}
    if outcome.relapse_visit:
        return _("Response was lost at %(visit)s: %(fall)s; at least %(needed)d is needed.") % {
            "visit": labels[outcome.relapse_visit],
            "fall": fall(outcome.baseline, outcome.visits[outcome.relapse_visit]["total"]),
            "needed": response.points_needed(outcome.baseline, rules),
        }
    if outcome.sustained:
        return _("Response at %(visit)s and at every later visit: %(later)s.") % {
            "visit": labels[rules.primary_visit],
            "later": ", ".join(f"{labels[code]} {outcome.visits[code]['total']}" for code in later),
        }
    missing = [labels[code] for code in later if outcome.visits.get(code, {}).get("total") is None]
    return _("Response at %(visit)s; not evaluable without a total that counts at %(missing)s.") % {
        "visit": labels[rules.primary_visit],
        "missing": ", ".join(missing),
    }


def subscale_text(
    subscale: str, name: str, outcome: Outcome, rules: response.OutcomeRules, labels: Labels
) -> Explanation:
    """`name`: what people call it."""
    seen: Mapping[str, Any] = outcome.subscales[subscale]
    before, after = seen["baseline"], seen["visits"].get(rules.primary_visit)
    if before is None or after is None:
        code = rules.baseline_visit if before is None else rules.primary_visit
        sentence = _uncounted(outcome, code, labels) or _(
            "Not evaluable: an item of %(name)s is missing at %(visit)s."
        ) % {"name": name, "visit": labels[code]}
        return Explanation("", name, _("not evaluable"), sentence)
    sentence = _("%(name)s: %(fall)s, from %(baseline)s to %(primary)s.") % {
        "name": name,
        "fall": fall(before, after),
        "baseline": labels[rules.baseline_visit],
        "primary": labels[rules.primary_visit],
    }
    return Explanation(
        "", name, f"{seen['change']:+d}".replace("-", "−") if seen["change"] else "0", sentence
    )


def overall_text(overall: ParticipantOutcome, outcomes: Sequence[Outcome]) -> list[Explanation]:
    """Pattern and completer."""
    seen = ", ".join(
        _("period %(n)d: %(verdict)s") % {"n": outcome.period, "verdict": yes_no(outcome.response)}
        for outcome in outcomes
    )
    label = pattern_label(overall.pattern, len(outcomes)) if overall.pattern else _("not evaluable")
    completer = (
        _("Response is evaluable in every period of the protocol.")
        if overall.completer
        else _("Not a completer. Period %(n)s: %(why)s.")
        % {"n": overall.shortfall_period, "why": overall.get_shortfall_display()}
    )
    return [
        Explanation("pattern", _("Response pattern"), label, _("Response in %(seen)s.") % {"seen": seen}),
        Explanation("completer", _("Completer"), yes_no(overall.completer), completer),
    ]


def pattern_label(pattern: str, periods: int) -> str:
    """A pattern in words. By period only: which treatment a period was is not known here."""
    if pattern == NONE:
        return _("in neither period") if periods == 2 else _("in no period")
    numbers = pattern.split("+")
    if len(numbers) == periods:
        return _("in both periods") if periods == 2 else _("in every period")
    return _("in period %(numbers)s only") % {"numbers": _(" and ").join(numbers)}


def _not_evaluable(outcome: Outcome, rules: response.OutcomeRules, labels: Labels) -> str:
    if outcome.baseline is None:
        return _uncounted(outcome, rules.baseline_visit, labels) or _(
            "Not evaluable: no total at %(visit)s."
        ) % {"visit": labels[rules.baseline_visit]}
    if outcome.baseline == 0:
        return _("Not evaluable: the total at %(visit)s is 0 and cannot fall.") % {
            "visit": labels[rules.baseline_visit]
        }
    return _uncounted(outcome, rules.primary_visit, labels) or _("Not evaluable: no total at %(visit)s.") % {
        "visit": labels[rules.primary_visit]
    }
