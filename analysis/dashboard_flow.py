"""The flow of participants through a crossover, as CONSORT asks: Dwan et al. (2019), doi:10.1136/bmj.l4378.

That statement reports the flow by sequence; a blinded page can't, so everything is over both sequences.
"""

from typing import Any

from django.utils.translation import gettext as _

from analysis.models import ParticipantOutcome

Step = dict[str, Any]


def flow_steps(figures: dict[str, Any]) -> list[Step]:
    """From screening through each period to completion; `out`: who leaves the main line there."""
    status, periods = figures["status"], figures["periods"]
    steps = [
        _main(_("Screened"), figures["screened"]),
        _out(_("Screen failures"), status.get("screen_failed", 0)),
        *(
            _out(_("Screen failure: %(criterion)s") % {"criterion": name}, n)
            for _id, name, n in figures["criteria_not_met"]
        ),
        _out(_("Still in screening, or eligible"), status.get("screening", 0) + status.get("eligible", 0)),
        _main(_("Randomised"), figures["randomised"]),
    ]
    for place, period in enumerate(periods):
        number = period["number"]
        steps += _before(number, _standing(figures, place))
        steps.append(_main(_("Period %(n)d: treatment given") % {"n": number}, period["dosed"]))
        not_evaluable = period["dosed"] - period["evaluable"]
        steps.append(
            _out(_("Period %(n)d: not evaluable for response, or not yet") % {"n": number}, not_evaluable)
        )
    left = _standing(figures, len(periods)).get("withdrawn", 0)
    steps.append(_out(_("Withdrawn after the last period began"), left))
    reasons = dict(ParticipantOutcome.Shortfall.choices)
    for why, period, n in figures["shortfalls"]:
        label = _("No completer: period %(n)s, %(why)s") % {"n": period, "why": reasons.get(why, why)}
        steps.append(_out(label, n))
    steps.append(_main(_("Completers: evaluable in every period"), figures["completers"]))
    return [step for step in steps if step["n"] or not step.get("out")]


def _standing(figures: dict[str, Any], given: int) -> dict[str, int]:
    """Status → randomised participants to whom exactly `given` treatments were given."""
    return {status: n for status, periods, n in figures["flow"] if periods == given}


def _before(number: int, standing: dict[str, int]) -> list[Step]:
    waiting = sum(n for status, n in standing.items() if status != "withdrawn")
    where = (
        _("Waiting for period 1")
        if number == 1
        else _("In period %(n)d, or between it and the next") % {"n": number - 1}
    )
    return [
        _out(_("Withdrawn before period %(n)d") % {"n": number}, standing.get("withdrawn", 0)),
        _out(where, waiting),
    ]


def _main(label: str, n: int) -> Step:
    return {"label": label, "n": n}


def _out(label: str, n: int) -> Step:
    return {"label": label, "n": n, "out": True}
