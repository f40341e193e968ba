"""Contradictions in the stopping rule of a protocol file: its looks, their days, the design, futility."""

from collections.abc import Iterator
from itertools import pairwise

from enrollment.protocol.codes import known
from enrollment.protocol.model import Protocol
from trialsite.lib.document.problems import Problem, display


def halts(p: Protocol) -> Iterator[Problem]:
    halts = p.stopping.halts if p.stopping else ("screening",)
    if not halts or len(set(halts)) < len(halts):
        yield Problem("stopping.halts", display(list(halts)), "at least one activity, each once")


def looks(p: Protocol) -> Iterator[Problem]:
    looks = p.stopping.looks if p.stopping else ()
    numbers = [look.number for look in looks]
    if p.stopping and (not looks or numbers != list(range(1, len(looks) + 1))):
        yield Problem(
            "stopping.looks", f"the numbers {display(numbers)}", "looks numbered 1, 2, 3 … in this order"
        )
    for earlier, later in pairwise(looks):
        if later.completers <= earlier.completers:
            expected = f"more completers than at the look before, {earlier.completers}"
            yield Problem(f"stopping.looks.{later.number}.completers", display(later.completers), expected)
    for look in looks:
        if look.completers > p.planned_enrolment:
            expected = f"at most planned_enrolment, {p.planned_enrolment}"
            yield Problem(f"stopping.looks.{look.number}.completers", display(look.completers), expected)


def look_days(p: Protocol) -> Iterator[Problem]:
    """Days that are in the calendar, and in the order of the looks."""
    before = None
    for look in p.stopping.looks if p.stopping else ():
        key = f"stopping.looks.{look.number}.on"
        try:
            day = look.day()
        except ValueError:
            yield Problem(key, display(look.on), "a day that is in the calendar")
            continue
        if day and before and day <= before:
            yield Problem(key, display(look.on), f"a day after that of the look before, {before.isoformat()}")
        before = day or before


def compare(p: Protocol) -> Iterator[Problem]:
    if p.stopping is None:
        return
    arms = [arm.code for arm in p.arms]
    for position, arm in enumerate(p.stopping.compare, start=1):
        yield from known(f"stopping.compare[{position}]", arm, arms, "the code of an arm")
    if not any(set(p.stopping.compare) <= set(sequence.arms) for sequence in p.sequences):
        expected = "two arms that one participant receives: McNemar's test compares within participants"
        yield Problem("stopping.compare", display(p.stopping.compare), expected)
    if p.stopping.compare[0] == p.stopping.compare[1]:
        yield Problem("stopping.compare", display(p.stopping.compare), "two different arms")


def design(p: Protocol) -> Iterator[Problem]:
    rule = p.stopping
    if rule is None or rule.design is None:
        return
    first, second = rule.design.responses
    if first == second or (rule.sides == 1 and first < second):
        wanted = "two that differ" if rule.sides == 2 else "the first greater: a one-sided test asks for that"
        yield Problem("stopping.design.responses", display(rule.design.responses), wanted)
    low, high = rule.design.correlations()
    if not low <= rule.design.correlation <= high:
        expected = f"{low:.3f} to {high:.3f}: these two shares allow no other"
        yield Problem("stopping.design.correlation", display(rule.design.correlation), expected)


def futility(p: Protocol) -> Iterator[Problem]:
    rule = p.stopping
    if rule is None or rule.futility is None:
        return
    method, under = rule.futility.method, rule.futility.under
    if method == "conditional_power" and under is None:
        yield Problem(
            "stopping.futility.under", "nothing", "one of 'trend', 'null', 'design': the method needs it"
        )
    if method == "predictive_power" and under is not None:
        yield Problem("stopping.futility.under", display(under), f"no such key: the method is '{method}'")
    if under == "design" and rule.design is None:
        yield Problem(
            "stopping.futility.under", display(under), "a table [stopping.design], which says the effect"
        )
    if len(rule.looks) == 1:
        yield Problem(
            "stopping.futility", "one look only", "a look before the last: it never applies at that"
        )
