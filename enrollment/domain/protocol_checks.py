"""What only shows when one part of a protocol file is held against another."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from enrollment.domain.protocol import Criterion, Problem, Protocol
from enrollment.domain.protocol_keys import HINTS, shown

# Every trial has a screening visit of this code, outside the periods.
RESERVED_VISIT = "SCREENING"

# Numbers that screening records in every trial, beside "<instrument>_total" of each screening instrument.
# A criterion on any other number would stay unknown for ever, and no one could be found eligible.
NUMBERS = ("age", "failed_treatments")


def problems(protocol: Protocol, unread: AbstractSet[str]) -> list[Problem]:
    """All contradictions. `unread`: top-level keys that could not be read, and whose checks are left out."""
    return [problem for needed, check in CHECKS if unread.isdisjoint(needed) for problem in check(protocol)]


def _codes(key: str, name: str, codes: Sequence[str]) -> Iterator[Problem]:
    """At least one, and each once."""
    if not codes:
        yield Problem(key, "an empty list", "at least one")
    first: dict[str, int] = {}
    for position, code in enumerate(codes, start=1):
        if first.setdefault(code, position) != position:
            expected = f"each {name} once; {key}[{first[code]}] has it already"
            yield Problem(f"{key}[{position}].{name}", shown(code), expected)


def _known(key: str, code: str, codes: Sequence[str], what: str) -> Iterator[Problem]:
    if code not in codes:
        near = get_close_matches(code, codes, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        yield Problem(key, shown(code), f"{what}: one of {', '.join(codes)}{hint}")


def _sites(p: Protocol) -> Iterator[Problem]:
    yield from _codes("sites", "code", [site.code for site in p.sites])
    unknown = [site for site in p.sites if not _is_zone(site.timezone)]
    zones = sorted(available_timezones()) if unknown else []
    for count, site in enumerate(unknown):
        near = get_close_matches(site.timezone, zones, n=1) if count < HINTS else []
        hint = f"; did you mean '{near[0]}'?" if near else ""
        expected = f"an IANA time zone such as 'America/New_York'{hint}"
        yield Problem(f"sites.{site.code}.timezone", shown(site.timezone), expected)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # a bad name, a folder's name, an unknown name
        return False
    return True


def _arms(p: Protocol) -> Iterator[Problem]:
    yield from _codes("arms", "code", [arm.code for arm in p.arms])


def _periods(p: Protocol) -> Iterator[Problem]:
    numbers = [period.number for period in p.periods]
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        yield Problem("periods", f"the numbers {shown(numbers)}", "periods numbered 1, 2, 3 … in this order")


def _sequences(p: Protocol) -> Iterator[Problem]:
    yield from _codes("sequences", "code", [sequence.code for sequence in p.sequences])
    arms = [arm.code for arm in p.arms]
    for sequence in p.sequences:
        key = f"sequences.{sequence.code}.arms"
        if len(sequence.arms) != len(p.periods):
            expected = f"{len(p.periods)}, one for each period"
            yield Problem(key, f"{len(sequence.arms)} arms", expected)
        for position, arm in enumerate(sequence.arms, start=1):
            yield from _known(f"{key}[{position}]", arm, arms, "the code of an arm")
    used = {arm for sequence in p.sequences for arm in sequence.arms}
    for arm in arms:
        if arm not in used:
            yield Problem(f"arms.{arm}", "an arm that no sequence uses", "at least one sequence with it")


def _instruments(p: Protocol) -> Iterator[Problem]:
    codes = [use.code for use in p.instruments]
    yield from _codes("instruments", "code", codes)
    for position, code in enumerate(p.screening_instruments, start=1):
        yield from _known(f"screening_instruments[{position}]", code, codes, "the code of an instrument")


def _visits(p: Protocol) -> Iterator[Problem]:
    yield from _codes("visits", "code", [visit.code for visit in p.visits])
    for earlier, later in pairwise(p.visits):
        if later.day < earlier.day:
            expected = f"visits in the order of their days; {earlier.code} before it is on day {earlier.day}"
            yield Problem(f"visits.{later.code}.day", shown(later.day), expected)
    if any(visit.code == RESERVED_VISIT for visit in p.visits):
        yield Problem(
            f"visits.{RESERVED_VISIT}.code", shown(RESERVED_VISIT), "another code: every trial has this one"
        )


def _visit_instruments(p: Protocol) -> Iterator[Problem]:
    codes = [use.code for use in p.instruments]
    for visit in p.visits:
        key = f"visits.{visit.code}.instruments"
        for position, code in enumerate(visit.instruments):
            yield from _known(f"{key}[{position + 1}]", code, codes, "the code of an instrument")
            if code in visit.instruments[:position]:
                yield Problem(f"{key}[{position + 1}]", shown(code), "each instrument once")


def _endpoint_visits(p: Protocol) -> Iterator[Problem]:
    visits = {visit.code: visit for visit in p.visits}
    end = p.endpoints
    for name, code in (("baseline_visit", end.baseline_visit), ("primary_visit", end.primary_visit)):
        yield from _known(f"endpoints.{name}", code, list(visits), "the code of a visit")
        if code in visits and end.instrument not in visits[code].instruments:
            yield Problem(
                f"visits.{code}.instruments", "no " + end.instrument, f"it: endpoints.{name} needs its total"
            )
    order = list(visits)
    both_known = end.baseline_visit in visits and end.primary_visit in visits
    if both_known and order.index(end.primary_visit) <= order.index(end.baseline_visit):
        yield Problem("endpoints.primary_visit", shown(end.primary_visit), "a visit after the baseline visit")


def _endpoint_instrument(p: Protocol) -> Iterator[Problem]:
    codes = [use.code for use in p.instruments]
    yield from _known("endpoints.instrument", p.endpoints.instrument, codes, "the code of an instrument")


def _beside(p: Protocol) -> Iterator[Problem]:
    visits = {visit.code: visit for visit in p.visits}
    for position, one in enumerate(p.beside, start=1):
        key = f"beside[{position}]"
        yield from _known(f"{key}.visit", one.visit, list(visits), "the code of a visit")
        if one.visit in visits:
            rated = visits[one.visit].instruments
            yield from _known(
                f"{key}.instrument", one.instrument, rated, "the code of an instrument of the visit"
            )


def _criteria(p: Protocol) -> Iterator[Problem]:
    if p.criteria:
        yield from _codes("criteria", "id", [criterion.id for criterion in p.criteria])
    for criterion in p.criteria:
        yield from _criterion(criterion)
    recorded = {*NUMBERS, *(f"{code.lower()}_total" for code in p.screening_instruments)}
    for criterion in p.criteria:
        key = f"criteria.{criterion.id}.fact"
        if criterion.kind == "confirm" and criterion.fact in recorded:
            yield Problem(key, shown(criterion.fact), "a question of the checklist; this fact is a number")
        if criterion.kind != "confirm" and criterion.fact not in recorded:
            expected = f"a number that screening records: one of {', '.join(sorted(recorded))}"
            yield Problem(key, shown(criterion.fact), expected)


def _criterion(criterion: Criterion) -> Iterator[Problem]:
    """The bounds that its kind needs, and no others."""
    needed = {
        "minimum": {"minimum"},
        "maximum": {"maximum"},
        "range": {"minimum", "maximum"},
        "confirm": {"expected"},
    }
    for name in ("minimum", "maximum", "expected"):
        value = getattr(criterion, name)
        key = f"criteria.{criterion.id}.{name}"
        if name in needed[criterion.kind] and value is None:
            yield Problem(key, "nothing", f"a value: the kind is '{criterion.kind}'")
        if name not in needed[criterion.kind] and value is not None:
            yield Problem(key, shown(value), f"no such key: the kind is '{criterion.kind}'")
    if (
        criterion.minimum is not None
        and criterion.maximum is not None
        and criterion.minimum > criterion.maximum
    ):
        key = f"criteria.{criterion.id}.minimum"
        yield Problem(key, shown(criterion.minimum), f"at most the maximum, {criterion.maximum:g}")


def _washout(p: Protocol) -> Iterator[Problem]:
    if p.washout is None:
        if len(p.periods) > 1:
            yield Problem("washout", "nothing", "a table: there is more than one period")
        return
    low, target, high = p.washout.min_days, p.washout.target_days, p.washout.max_days
    if low > target:
        yield Problem("washout.min_days", shown(low), f"at most target_days, {target}")
    if target > high:
        yield Problem("washout.target_days", shown(target), f"at most max_days, {high}")
    if low > high:
        yield Problem("washout.max_days", shown(high), f"at least min_days, {low}")


def _allocation(p: Protocol) -> Iterator[Problem]:
    if p.allocation is None:
        if len(p.sequences) > 1:
            yield Problem("allocation", "nothing", "a table: there is more than one sequence")
        return
    if not p.allocation.block_sizes:
        yield Problem("allocation.block_sizes", "an empty list", "at least one block size")
    count = max(1, len(p.sequences))
    for position, size in enumerate(p.allocation.block_sizes, start=1):
        if size % count:
            expected = f"a multiple of {count}, the number of sequences, so that each comes equally often"
            yield Problem(f"allocation.block_sizes[{position}]", shown(size), expected)


def _looks(p: Protocol) -> Iterator[Problem]:
    looks = p.stopping.looks if p.stopping else ()
    numbers = [look.number for look in looks]
    if p.stopping and (not looks or numbers != list(range(1, len(looks) + 1))):
        yield Problem(
            "stopping.looks", f"the numbers {shown(numbers)}", "looks numbered 1, 2, 3 … in this order"
        )
    for earlier, later in pairwise(looks):
        if later.completers <= earlier.completers:
            expected = f"more completers than at the look before, {earlier.completers}"
            yield Problem(f"stopping.looks.{later.number}.completers", shown(later.completers), expected)
    for look in looks:
        if look.completers > p.planned_enrolment:
            expected = f"at most planned_enrolment, {p.planned_enrolment}"
            yield Problem(f"stopping.looks.{look.number}.completers", shown(look.completers), expected)


def _look_days(p: Protocol) -> Iterator[Problem]:
    """Days that are in the calendar, and in the order of the looks."""
    before = None
    for look in p.stopping.looks if p.stopping else ():
        key = f"stopping.looks.{look.number}.on"
        try:
            day = look.day()
        except ValueError:
            yield Problem(key, shown(look.on), "a day that is in the calendar")
            continue
        if day and before and day <= before:
            yield Problem(key, shown(look.on), f"a day after that of the look before, {before.isoformat()}")
        before = day or before


def _compare(p: Protocol) -> Iterator[Problem]:
    if p.stopping is None:
        return
    arms = [arm.code for arm in p.arms]
    for position, arm in enumerate(p.stopping.compare, start=1):
        yield from _known(f"stopping.compare[{position}]", arm, arms, "the code of an arm")
    if not any(set(p.stopping.compare) <= set(sequence.arms) for sequence in p.sequences):
        expected = "two arms that one participant receives: McNemar's test compares within persons"
        yield Problem("stopping.compare", shown(p.stopping.compare), expected)
    if p.stopping.compare[0] == p.stopping.compare[1]:
        yield Problem("stopping.compare", shown(p.stopping.compare), "two different arms")


def _design(p: Protocol) -> Iterator[Problem]:
    rule = p.stopping
    if rule is None or rule.design is None:
        return
    first, second = rule.design.responses
    if first == second or (rule.sides == 1 and first < second):
        wanted = "two that differ" if rule.sides == 2 else "the first greater: a one-sided test asks for that"
        yield Problem("stopping.design.responses", shown(rule.design.responses), wanted)
    low, high = rule.design.correlations()
    if not low <= rule.design.correlation <= high:
        expected = f"{low:.3f} to {high:.3f}: these two shares allow no other"
        yield Problem("stopping.design.correlation", shown(rule.design.correlation), expected)


def _futility(p: Protocol) -> Iterator[Problem]:
    rule = p.stopping
    if rule is None or rule.futility is None:
        return
    method, under = rule.futility.method, rule.futility.under
    if method == "conditional_power" and under is None:
        yield Problem(
            "stopping.futility.under", "nothing", "one of 'trend', 'null', 'design': the method needs it"
        )
    if method == "predictive_power" and under is not None:
        yield Problem("stopping.futility.under", shown(under), f"no such key: the method is '{method}'")
    if under == "design" and rule.design is None:
        yield Problem(
            "stopping.futility.under", shown(under), "a table [stopping.design], which says the effect"
        )
    if len(rule.looks) == 1:
        yield Problem(
            "stopping.futility", "one look only", "a look before the last: it never applies at that"
        )


# The parts of the file that a check needs, and the check.
CHECKS: tuple[tuple[frozenset[str], Callable[[Protocol], Iterator[Problem]]], ...] = (
    (frozenset({"sites"}), _sites),
    (frozenset({"arms"}), _arms),
    (frozenset({"periods"}), _periods),
    (frozenset({"arms", "sequences", "periods"}), _sequences),
    (frozenset({"instruments", "screening_instruments"}), _instruments),
    (frozenset({"visits"}), _visits),
    (frozenset({"visits", "instruments"}), _visit_instruments),
    (frozenset({"endpoints", "visits"}), _endpoint_visits),
    (frozenset({"endpoints", "instruments"}), _endpoint_instrument),
    (frozenset({"beside", "visits"}), _beside),
    (frozenset({"criteria", "screening_instruments"}), _criteria),
    (frozenset({"washout", "periods"}), _washout),
    (frozenset({"allocation", "sequences"}), _allocation),
    (frozenset({"stopping", "planned_enrolment"}), _looks),
    (frozenset({"stopping", "arms", "sequences"}), _compare),
    (frozenset({"stopping"}), _look_days),
    (frozenset({"stopping"}), _design),
    (frozenset({"stopping"}), _futility),
)
