"""Sentences and numbers of the board's report."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analysis.monitoring.figures import LookTest, MonitoringFigures
from analysis.outcomes.rules import endpoint_instrument
from enrollment.protocol.model import PlannedLook, Protocol

DECISIONS = {"continue": gettext_lazy("continue"), "stop": gettext_lazy("stop")}
RECOMMENDATIONS = {
    "continue": gettext_lazy("continue"),
    "efficacy": gettext_lazy("stop for efficacy"),
    "futility": gettext_lazy("stop for futility"),
    "safety": gettext_lazy("stop for safety"),
}


def figure(value: float | None, digits: int) -> str:
    """A number with a true minus; a dash for what is not determined."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def p_value(value: float | None) -> str:
    """To four decimals, never "0"."""
    if value is None:
        return "–"
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def span(low: float | None, high: float | None, digits: int) -> str:
    """ "1.2 to 3.4"."""
    if low is None or high is None:
        return "–"
    return _("%(low)s to %(high)s") % {"low": figure(low, digits), "high": figure(high, digits)}


def share(count: int, n: int, low: float | None, high: float | None) -> str:
    """ "7/12, 58 % (28–85 %)": never a percentage without its denominator."""
    if not n or low is None or high is None:
        return _("none evaluable")
    return f"{count}/{n}, {100 * count / n:.0f} % ({100 * low:.0f}–{100 * high:.0f} %)"


def question(protocol: Protocol) -> list[str]:
    """What the trial asks, and the test that the protocol names for it."""
    end, rule = protocol.endpoints, protocol.stopping
    blinding = _("Conducted double-blind.") if protocol.blinding == "double" else _("Conducted open-label.")
    sentences = [protocol.title, blinding]
    if rule:
        names = {arm.code: arm.label for arm in protocol.arms}
        sentences.append(
            _(
                "Do %(first)s and %(second)s differ in response? Response is a fall of %(score)s by at least"
                " %(percent)d %% from %(baseline)s to %(visit)s of the period; remission is %(score)s of at most"
                " %(remission)d then."
            )
            % {
                "first": names[rule.compare[0]],
                "second": names[rule.compare[1]],
                "score": endpoint_instrument(protocol).short_name,
                "percent": end.response_percent,
                "baseline": protocol.visit(end.baseline_visit).label,
                "visit": protocol.visit(end.primary_visit).label,
                "remission": end.remission_max,
            }
        )
        sentences.append(
            _(
                "Primary test, named in the protocol: McNemar’s exact test over the completers, alpha %(alpha)s, %(sides)s."
            )
            % {"alpha": f"{rule.alpha:g}", "sides": _("two-sided") if rule.sides == 2 else _("one-sided")}
        )
        sentences.append(_("Looks planned: %(plan)s.") % {"plan": ", ".join(map(look_text, rule.looks))})
    return sentences


FLAGS = {
    "safety": gettext_lazy("safety: the safety boundary is reached"),
    "efficacy": gettext_lazy("efficacy: the planned efficacy boundary is crossed"),
    "futility": gettext_lazy("futility: the chance that is left lies below the protocol’s limit"),
}


def look_text(look: PlannedLook) -> str:
    """When a look is planned: "12 completers", or its day."""
    day = look.day()
    if day is None:
        return ngettext("%(n)d completer", "%(n)d completers", look.completers) % {"n": look.completers}
    return _("%(day)s, %(n)d completers expected") % {"day": date_text(day, "j M Y"), "n": look.completers}


def flag_sentence(figures: MonitoringFigures) -> str:
    """What the rules say at this look, the gravest first. The board decides."""
    if figures.test is None and not figures.flags:
        return _("No look is due.")
    if figures.flags:
        first, *others = (str(FLAGS[name]) for name in figures.flags)
        sentence = _("Interim flag: %(flag)s.") % {"flag": first}
        return sentence + "".join(" " + _("Also: %(flag)s.") % {"flag": other} for other in others)
    return _("Interim flag: continue; the planned efficacy boundary is not crossed.")


def primary_sentence(figures: MonitoringFigures, labels: Mapping[str, str]) -> list[str]:
    """The paired table in words, and the test once a look is due."""
    sentences = [_table_sentence(figures, labels)]
    if figures.periods > 1:
        sentences.append(
            _(
                "Each treatment comes in several periods, and all of them count: McNemar’s exact test is then the exact sign"
                " test of which treatment a participant responded to more often."
            )
        )
    if figures.test:
        sentences.append(_test_sentence(figures.test))
    return sentences


def _table_sentence(figures: MonitoringFigures, labels: Mapping[str, str]) -> str:
    first, second = (labels[code] for code in figures.compare)
    sentence = (
        _(
            "Of %(n)d completers %(a)d responded more often with %(first)s, %(b)d more often with %(second)s,"
            " %(both)d as often with both, %(neither)d with neither."
        )
        if figures.periods > 1
        else _(
            "Of %(n)d completers %(a)d responded only with %(first)s, %(b)d only with %(second)s, %(both)d with"
            " both, %(neither)d with neither."
        )
    )
    return sentence % {
        "n": figures.completers,
        "a": figures.only_first,
        "b": figures.only_second,
        "first": first,
        "second": second,
        "both": figures.both,
        "neither": figures.neither,
    }


def _test_sentence(test: LookTest) -> str:
    return _(
        "McNemar’s exact test, two-sided: p = %(p)s, z = %(z)s (look %(look)d, information %(information)s of 1)."
    ) % {
        "p": figure(test.p, 6) if test.p >= 1e-6 else "< 0.000001",
        "z": figure(test.z, 4),
        "look": test.number,
        "information": figure(test.information[-1], 3),
    }


NOT_DEFINED = {
    "orders": gettext_lazy(
        "Hills–Armitage, Mainland–Gart, Prescott and the carry-over contrast: they are for two treatments in two periods,"
        " in both orders"
    ),
    "difference": gettext_lazy(
        "The paired difference of proportions: a participant receives a treatment in more than one period, so that there is"
        " more than one response to it"
    ),
    "pairs": gettext_lazy(
        "The four response patterns, each completer’s line and the responders’ own table: for the same reason"
    ),
    "some_pairs": gettext_lazy(
        "Paired tests in participants whose sequence does not hold both treatments compared: they count in the mixed model"
    ),
    "parallel": gettext_lazy(
        "Tests within a participant, the mixed model among them: with one period nobody receives two treatments"
    ),
}


def not_defined_sentences(names: Sequence[str]) -> list[str]:
    """What the design has no figure of, and why: nothing is left out without a word."""
    return [_("Not defined by this design. %(what)s.") % {"what": NOT_DEFINED[name]} for name in names]


def moment(at: datetime) -> str:
    """9 Mar 2026 14:02:11 UTC: the same for every reader, whatever their zone."""
    return date_text(at.astimezone(UTC), "j M Y H:i:s e")
