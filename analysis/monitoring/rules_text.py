"""Sentences and tables on futility, safety and the figures after a stop, for the board's report. Unblinded."""

from django.utils.translation import gettext as _

from analysis.monitoring.figures import ChancesLeft, EndFigures, LookTest, SafetyFigures
from analysis.monitoring.records import SafetyReport
from analysis.monitoring.tables import FigureTable
from analysis.monitoring.text import figure, moment, p_value, span
from enrollment.protocol.model import StoppingRule


def chance_table(rule: StoppingRule, chance: ChancesLeft) -> FigureTable:
    """What chance is left, by what is assumed of the rest of the trial."""
    rows = [
        (_("No effect"), "0", percent(chance.null)),
        (_("The effect seen so far"), figure(chance.trend[0], 3), percent(chance.trend[1])),
    ]
    if chance.design and rule.design:
        first, second = (f"{100 * share:g} %" for share in rule.design.responses)
        planned = _("The effect planned for: %(first)s against %(second)s respond") % {
            "first": first,
            "second": second,
        }
        rows.append((planned, figure(chance.design[0], 3), percent(chance.design[1])))
    rows.append(
        (
            _("Averaged over the effects that the data support (predictive power)"),
            "–",
            percent(chance.predictive),
        )
    )
    if chance.exact is not None:
        exact = _(
            "Averaged over the rates that the data support, by the exact test (Bayesian, uniform prior)"
        )
        rows.append((exact, "–", percent(chance.exact)))
    return FigureTable(
        _("The chance that is left to cross the planned boundary at a later look"),
        (_("Assumed for the rest of the trial"), _("Expected z at full information"), _("Chance")),
        tuple(rows),
        _(
            "In the direction in which the data point; under the effect planned for, in the direction of that. The first"
            " four hold for a normal statistic; the last counts every future of the participants to come."
        ),
    )


def futility_sentence(rule: StoppingRule, chance: ChancesLeft | None) -> str:
    """What the protocol's futility rule says here."""
    if rule.futility is None:
        return _("The protocol has no futility rule.")
    futility = chance.futility if chance else None
    if futility is None:
        return _("The futility rule does not apply at the last look.")
    sentence = _("Futility rule, not binding: %(what)s below %(below)s. Here %(chance)s: %(verdict)s.") % {
        "what": ASSUMED[futility.assumed](),
        "below": percent(futility.below),
        "chance": percent(futility.chance),
        "verdict": _("reached") if futility.reached else _("not reached"),
    }
    if futility.limit is None:
        return sentence + " " + _("No result can reach it at this look.")
    where = _("z") if rule.sides == 1 or futility.assumed == "design" else _("z in either direction")
    return (
        sentence
        + " "
        + _("It is reached where %(where)s lies below %(limit)s.")
        % {
            "where": where,
            "limit": figure(futility.limit, 4),
        }
    )


ASSUMED = {
    "null": lambda: _("conditional power under no effect"),
    "trend": lambda: _("conditional power under the effect seen so far"),
    "design": lambda: _("conditional power under the effect planned for"),
    "predictive": lambda: _("predictive power"),
}


def safety_sentences(safety: SafetyFigures | None, reported: SafetyReport | None) -> list[str]:
    """The safety rule, and what it says of the number `reported`; None: not yet."""
    if not safety:
        return [_("The protocol has no safety boundary.")]
    limit = safety.limit
    here = {"treated": safety.treated, "event": safety.event, "limit": limit}
    sentences = [
        _(
            "Safety rule: stop when P(rate of %(event)s > %(p0)s) > %(tau)s; before the trial the rate is"
            " Beta(%(a)s, %(b)s). Each participant counts once."
        )
        % {
            "event": safety.event,
            "p0": f"{safety.p0:g}",
            "tau": f"{safety.tau:g}",
            "a": f"{safety.prior[0]:g}",
            "b": f"{safety.prior[1]:g}",
        },
        _("No number of participants with %(event)s stops it among %(treated)d treated.") % here
        if limit is None
        else _("Among %(treated)d treated it stops at %(limit)d with %(event)s.") % here,
    ]
    if reported is None:
        return [
            *sentences,
            _(
                "Not assessed yet. Enter at the look how many participants had one: the number recorded here is proposed;"
                " hold it against the safety physician’s report to the committee."
            ),
        ]
    return [*sentences, _reported_sentence(safety, reported)]


def _reported_sentence(safety: SafetyFigures, reported: SafetyReport) -> str:
    verdict = reported.verdict
    return _(
        "Reported to the committee: %(events)d of %(treated)d treated with %(event)s; P(rate > %(p0)s) ="
        " %(probability)s: %(verdict)s. Source: %(source)s; entered by %(by)s, %(at)s."
    ) % {
        "events": verdict.events,
        "treated": verdict.treated,
        "event": safety.event,
        "p0": f"{safety.p0:g}",
        "probability": figure(verdict.probability, 4),
        "verdict": _("the safety boundary is reached")
        if verdict.stops
        else _("the safety boundary is not reached"),
        "source": reported.source,
        "by": reported.entered_by,
        "at": moment(reported.entered_at),
    }


def safety_table(safety: SafetyFigures) -> FigureTable:
    """The number that stops the trial, from each number of treated on."""
    return FigureTable(
        _("Safety boundary"),
        (_("From so many treated"), _("Stop at so many with %(event)s") % {"event": safety.event}),
        tuple((str(n), str(events)) for n, events in safety.boundary),
        _("Between two rows the earlier one holds; before the first, no number stops the trial."),
    )


def ended_sentences(test: LookTest, ended: str) -> list[str]:
    """Why the figures after a stop are given, and what they mean. `ended`: why the trial ended, a sentence."""
    scale = _(
        "The scale is the drift: the effect as the expectation of z at full information, z = Φ⁻¹(1 − p/2) of McNemar’s"
        " exact test; 0 is no effect. Results are ordered stage by stage: a crossing at an earlier look is more"
        " extreme than any result at a later one."
    )
    first = _(
        "This was the first look: p-value and interval are the ordinary ones, because nothing was looked at before."
    )
    return [ended, scale, *([first] if len(test.information) == 1 else [])]


def ended_table(test: LookTest, end: EndFigures) -> FigureTable:
    """p, median-unbiased estimate and intervals, looks allowed for, beside those that do not allow for them."""
    level = f"{100 * end.level:g} %"
    stage = _("stage-wise order")
    rows = (
        (_("p-value"), p_value(end.p), stage),
        (_("p-value without allowing for looks"), p_value(test.p), _("McNemar exact")),
        (_("Effect, median-unbiased"), figure(end.estimate, 3), stage),
        (_("Effect without allowing for looks"), figure(end.naive, 3), "z/√t"),
        (_("%(level)s interval") % {"level": level}, _interval(end.interval), stage),
        (
            _("%(level)s repeated interval") % {"level": level},
            _interval(end.repeated),
            _("valid whatever made it end"),
        ),
    )
    return FigureTable(
        _("After the end of the trial, its looks allowed for"), (_("Figure"), _("Value"), _("Method")), rows
    )


def _interval(ends: tuple[float | None, float | None]) -> str:
    low, high = ends
    return _("from %(low)s") % {"low": figure(low, 3)} if high is None else span(low, high, 3)


def percent(share: float) -> str:
    """To a tenth; never "0 %" or "100 %" of what is not certain."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %"
