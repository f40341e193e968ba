"""Sentences and tables on futility, safety and the figures after a stop, for the board's report. Unblinded."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.board_tables import Table
from analysis.board_words import figure, moment, p_value, span
from enrollment.domain.protocol import StoppingRule


def chance_table(rule: StoppingRule, chance: Mapping[str, Any]) -> Table:
    """What chance is left, by what is assumed of the rest of the trial."""
    rows = [
        (_("No effect"), "0", percent(chance["null"])),
        (_("The effect seen so far"), figure(chance["trend"][0], 3), percent(chance["trend"][1])),
    ]
    if chance["design"] and rule.design:
        first, second = (f"{100 * share:g} %" for share in rule.design.responses)
        planned = _("The effect planned for: %(first)s against %(second)s respond") % {
            "first": first, "second": second,
        }  # fmt: skip
        rows.append((planned, figure(chance["design"][0], 3), percent(chance["design"][1])))
    rows.append(
        (
            _("None: averaged over what the data say of it (predictive power)"),
            "–",
            percent(chance["predictive"]),
        )
    )
    if chance["exact"] is not None:
        exact = _("None: the exact test itself at the last look (Bayesian, uniform prior)")
        rows.append((exact, "–", percent(chance["exact"])))
    return Table(
        _("The chance that is left to cross the planned boundary at a later look"),
        (_("Assumed for the rest of the trial"), _("Expected z at full information"), _("Chance")),
        tuple(rows),
        _(
            "In the direction in which the data point; under the effect planned for, in the direction of that. The first"
            " four hold for a normal statistic; the last counts every future of the participants to come."
        ),
    )


def futility_sentence(rule: StoppingRule, chance: Mapping[str, Any] | None) -> str:
    """What the protocol's futility rule says here."""
    if rule.futility is None:
        return _("The protocol has no futility rule.")
    if chance is None:
        return _("The futility rule does not apply at the last look.")
    found = chance["futility"]
    said = _("Futility rule, not binding: %(what)s below %(below)s. Here %(chance)s: %(verdict)s.") % {
        "what": ASSUMED[found["assumed"]](),
        "below": percent(found["below"]),
        "chance": percent(found["chance"]),
        "verdict": _("reached") if found["reached"] else _("not reached"),
    }
    if found["limit"] is None:
        return said + " " + _("No result can reach it at this look.")
    where = _("z") if rule.sides == 1 or found["assumed"] == "design" else _("z in either direction")
    return said + " " + _("It is reached where %(where)s lies below %(limit)s.") % {
        "where": where, "limit": figure(found["limit"], 4),
    }  # fmt: skip


ASSUMED = {
    "null": lambda: _("conditional power under no effect"),
    "trend": lambda: _("conditional power under the effect seen so far"),
    "design": lambda: _("conditional power under the effect planned for"),
    "predictive": lambda: _("predictive power"),
}


def safety_sentences(found: Mapping[str, Any] | None, reported: Mapping[str, Any] | None) -> list[str]:
    """The safety rule, and what it says of the number `reported` (as `closed.look` gives it); None: not yet."""
    if not found:
        return [_("The protocol has no safety boundary.")]
    limit = found["limit"]
    here = {"treated": found["treated"], "event": found["event"], "limit": limit}
    said = [
        _(
            "Safety rule: stop when P(rate of %(event)s > %(p0)s) > %(tau)s; before the trial the rate is"
            " Beta(%(a)s, %(b)s). Each participant counts once."
        )
        % {
            "event": found["event"],
            "p0": f"{found['p0']:g}",
            "tau": f"{found['tau']:g}",
            "a": f"{found['prior'][0]:g}",
            "b": f"{found['prior'][1]:g}",
        },
        _("No number of participants with %(event)s stops it among %(treated)d treated.") % here
        if limit is None
        else _("Among %(treated)d treated it stops at %(limit)d with %(event)s.") % here,
    ]
    if reported is None or reported.get("events") is None:
        return [
            *said,
            _(
                "Not assessed: this system records no serious events, so 0 are known here. Enter at the look the number"
                " that the safety physician reported to the board."
            ),
        ]
    return [
        *said,
        _(
            "Reported to the board: %(events)d of %(treated)d treated with %(event)s; P(rate > %(p0)s) = %(probability)s:"
            " %(verdict)s. Source: %(source)s; entered by %(by)s, %(at)s."
        )
        % {
            "events": reported["events"], "treated": reported["treated"], "event": found["event"],
            "p0": f"{found['p0']:g}", "probability": figure(reported["probability"], 4),
            "verdict": _("the safety boundary is reached") if reported["stops"] else _("the safety boundary is not reached"),
            "source": reported["events_source"], "by": reported["events_by"], "at": moment(reported["events_at"]),
        },
    ]  # fmt: skip


def safety_table(found: Mapping[str, Any]) -> Table:
    """The number that stops the trial, from each number of treated on."""
    return Table(
        _("Safety boundary"),
        (_("From so many treated"), _("Stop at so many with %(event)s") % {"event": found["event"]}),
        tuple((str(n), str(events)) for n, events in found["boundary"]),
        _("Between two rows the earlier one holds; before the first, no number stops the trial."),
    )


def ended_sentences(shown: Mapping[str, Any], ended: str) -> list[str]:
    """Why the figures after a stop are given, and what they mean. `ended`: why the trial ended, a sentence."""
    scale = _(
        "The scale is the drift: the effect as the expectation of z at full information, z = Φ⁻¹(1 − p/2) of McNemar’s"
        " exact test; 0 is no effect. Results are ordered stage by stage: a crossing at an earlier look is more"
        " extreme than any result at a later one."
    )
    first = _(
        "This was the first look: p-value and interval are the ordinary ones, because nothing was looked at before."
    )
    return [ended, scale, *([first] if len(shown["information"]) == 1 else [])]


def ended_table(shown: Mapping[str, Any]) -> Table:
    """p, median-unbiased estimate and intervals, looks allowed for, beside those that do not allow for them."""
    found = shown["ended"]
    level = f"{100 * found['level']:g} %"
    stage = _("stage-wise order")
    rows = (
        (_("p-value"), p_value(found["p"]), stage),
        (_("p-value without allowing for looks"), p_value(shown["p"]), _("McNemar exact")),
        (_("Effect, median-unbiased"), figure(found["estimate"], 3), stage),
        (_("Effect without allowing for looks"), figure(found["naive"], 3), "z/√t"),
        (_("%(level)s interval") % {"level": level}, _interval(found["interval"]), stage),
        (_("%(level)s repeated interval") % {"level": level}, _interval(found["repeated"]), _("valid whatever made it end")),
    )  # fmt: skip
    return Table(
        _("After the end of the trial, its looks allowed for"), (_("Figure"), _("Value"), _("Method")), rows
    )


def _interval(ends: list[float | None]) -> str:
    low, high = ends
    return _("from %(low)s") % {"low": figure(low, 3)} if high is None else span(low, high, 3)


def percent(share: float) -> str:
    """To a tenth; never "0 %" or "100 %" of what is not certain."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %"
