"""What only shows when one part of a protocol file is held against another."""

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from enrollment.protocol import infusion, stopping
from enrollment.protocol.codes import codes_once, known
from enrollment.protocol.model import Criterion, Protocol
from enrollment.protocol.supply import supply
from enrollment.protocol.treatments import FAILED_TREATMENTS
from trialsite.lib.document.keys import HINTS, nearest
from trialsite.lib.document.problems import Problem, display

# Every trial has a screening visit of this code, outside the periods.
RESERVED_VISIT = "SCREENING"
# What queries and verification call the parts of a casebook that are no forms.
RESERVED_FORMS = ("screening", "dosing", "visit", "PROTOCOL")
# As expressions of forms name it: PROTOCOL.name.
PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")

# Numbers that screening records in every trial, beside "<instrument>_total" of each screening instrument.
# A criterion on any other number without a `value` would stay unknown for ever, and no one could be found eligible.
NUMBERS = ("age", FAILED_TREATMENTS)


def problems(protocol: Protocol, unread: AbstractSet[str]) -> list[Problem]:
    """All contradictions. `unread`: top-level keys that could not be read, and whose checks are left out."""
    return [problem for needed, check in CHECKS if unread.isdisjoint(needed) for problem in check(protocol)]


def _sites(p: Protocol) -> Iterator[Problem]:
    yield from codes_once("sites", "code", [site.code for site in p.sites])
    unknown = [site for site in p.sites if not _is_zone(site.timezone)]
    zones = sorted(available_timezones()) if unknown else []
    for count, site in enumerate(unknown):
        near = nearest(site.timezone, zones) if count < HINTS else None
        hint = f"; did you mean '{near}'?" if near else ""
        expected = f"an IANA time zone such as 'America/New_York'{hint}"
        yield Problem(f"sites.{site.code}.timezone", display(site.timezone), expected)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # a bad name, a folder's name, an unknown name
        return False
    return True


def _arms(p: Protocol) -> Iterator[Problem]:
    yield from codes_once("arms", "code", [arm.code for arm in p.arms])


def _periods(p: Protocol) -> Iterator[Problem]:
    numbers = [period.number for period in p.periods]
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        yield Problem(
            "periods", f"the numbers {display(numbers)}", "periods numbered 1, 2, 3 … in this order"
        )


def _sequences(p: Protocol) -> Iterator[Problem]:
    yield from codes_once("sequences", "code", [sequence.code for sequence in p.sequences])
    arms = [arm.code for arm in p.arms]
    for sequence in p.sequences:
        key = f"sequences.{sequence.code}.arms"
        if len(sequence.arms) != len(p.periods):
            expected = f"{len(p.periods)}, one for each period"
            yield Problem(key, f"{len(sequence.arms)} arms", expected)
        for position, arm in enumerate(sequence.arms, start=1):
            yield from known(f"{key}[{position}]", arm, arms, "the code of an arm")
    used = {arm for sequence in p.sequences for arm in sequence.arms}
    for arm in arms:
        if arm not in used:
            yield Problem(f"arms.{arm}", "an arm that no sequence uses", "at least one sequence with it")


def _instruments(p: Protocol) -> Iterator[Problem]:
    codes = [use.code for use in p.instruments]
    yield from codes_once("instruments", "code", codes)
    for position, code in enumerate(p.screening_instruments, start=1):
        yield from known(f"screening_instruments[{position}]", code, codes, "the code of an instrument")


def _visits(p: Protocol) -> Iterator[Problem]:
    yield from codes_once("visits", "code", [visit.code for visit in p.visits])
    for earlier, later in pairwise(p.visits):
        if later.day < earlier.day:
            expected = f"visits in the order of their days; {earlier.code} before it is on day {earlier.day}"
            yield Problem(f"visits.{later.code}.day", display(later.day), expected)
    if any(visit.code == RESERVED_VISIT for visit in p.visits):
        yield Problem(
            f"visits.{RESERVED_VISIT}.code", display(RESERVED_VISIT), "another code: every trial has this one"
        )


def _visit_instruments(p: Protocol) -> Iterator[Problem]:
    codes = [use.code for use in p.instruments]
    for visit in p.visits:
        key = f"visits.{visit.code}.instruments"
        for position, code in enumerate(visit.instruments):
            yield from known(f"{key}[{position + 1}]", code, codes, "the code of an instrument")
            if code in visit.instruments[:position]:
                yield Problem(f"{key}[{position + 1}]", display(code), "each instrument once")
    for use in p.instruments:
        rated = [visit.code for visit in p.visits if use.code in visit.instruments]
        for position, code in enumerate(use.second_rating, start=1):
            key = f"instruments.{use.code}.second_rating[{position}]"
            yield from known(key, code, rated, "the code of a visit that rates this instrument")


def _forms(p: Protocol) -> Iterator[Problem]:
    codes = [use.code for use in p.forms]
    if codes:
        yield from codes_once("forms", "code", codes)
    if p.missing_reasons:
        yield from codes_once("missing_reasons", "code", [reason.code for reason in p.missing_reasons])
    instruments = {use.code for use in p.instruments}
    for code in codes:
        if code in instruments or code in RESERVED_FORMS:
            expected = "another code: this one is an instrument's, or Trialsite's own"
            yield Problem(f"forms.{code}.code", display(code), expected)
    places = {f"visits.{visit.code}.forms": visit.forms for visit in p.visits}
    for key, named in (places | {"screening_forms": p.screening_forms}).items():
        for position, code in enumerate(named):
            yield from known(f"{key}[{position + 1}]", code, codes, "the code of a form")
            if code in named[:position]:
                yield Problem(f"{key}[{position + 1}]", display(code), "each form once")


def _parameters(p: Protocol) -> Iterator[Problem]:
    for name in p.parameters or {}:
        if not PARAMETER.fullmatch(name):
            yield Problem(f"parameters.{display(name)}", display(name), "a name of letters, digits and _")


def _endpoint_visits(p: Protocol) -> Iterator[Problem]:
    visits = {visit.code: visit for visit in p.visits}
    end = p.endpoints
    for name, code in (("baseline_visit", end.baseline_visit), ("primary_visit", end.primary_visit)):
        yield from known(f"endpoints.{name}", code, list(visits), "the code of a visit")
        if code in visits and end.instrument not in visits[code].instruments:
            yield Problem(
                f"visits.{code}.instruments", "no " + end.instrument, f"it: endpoints.{name} needs its total"
            )
    order = list(visits)
    both_known = end.baseline_visit in visits and end.primary_visit in visits
    if both_known and order.index(end.primary_visit) <= order.index(end.baseline_visit):
        yield Problem(
            "endpoints.primary_visit", display(end.primary_visit), "a visit after the baseline visit"
        )


def _endpoint_instrument(p: Protocol) -> Iterator[Problem]:
    codes = [use.code for use in p.instruments]
    yield from known("endpoints.instrument", p.endpoints.instrument, codes, "the code of an instrument")


def _exploratory_endpoints(p: Protocol) -> Iterator[Problem]:
    visits = {visit.code: visit for visit in p.visits}
    for position, endpoint in enumerate(p.exploratory_endpoints, start=1):
        key = f"exploratory_endpoints[{position}]"
        yield from known(f"{key}.visit", endpoint.visit, list(visits), "the code of a visit")
        if endpoint.visit in visits:
            rated = visits[endpoint.visit].instruments
            yield from known(
                f"{key}.instrument", endpoint.instrument, rated, "the code of an instrument of the visit"
            )


def _criteria(p: Protocol) -> Iterator[Problem]:
    if p.criteria:
        yield from codes_once("criteria", "id", [criterion.id for criterion in p.criteria])
    for criterion in p.criteria:
        yield from _criterion(criterion)
    recorded = {*NUMBERS, *(f"{code.lower()}_total" for code in p.screening_instruments)}
    for criterion in p.criteria:
        key = f"criteria.{criterion.id}.fact"
        if criterion.value is not None:
            yield from _valued(criterion, recorded - {FAILED_TREATMENTS})
            continue
        if criterion.kind == "confirm" and criterion.fact in recorded:
            yield Problem(key, display(criterion.fact), "a question of the checklist; this fact is a number")
        if criterion.kind != "confirm" and criterion.fact not in recorded:
            expected = f"a number that screening records: one of {', '.join(sorted(recorded))}"
            yield Problem(key, display(criterion.fact), expected)


def _valued(criterion: Criterion, recorded: AbstractSet[str]) -> Iterator[Problem]:
    """A number that an expression over the forms says, and nothing else."""
    if criterion.kind == "confirm":
        yield Problem(
            f"criteria.{criterion.id}.value", display(criterion.value), "no such key: the kind is 'confirm'"
        )
    if criterion.fact in recorded:
        expected = "another name: screening records this number itself"
        yield Problem(f"criteria.{criterion.id}.fact", display(criterion.fact), expected)


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
            yield Problem(key, display(value), f"no such key: the kind is '{criterion.kind}'")
    if (
        criterion.minimum is not None
        and criterion.maximum is not None
        and criterion.minimum > criterion.maximum
    ):
        key = f"criteria.{criterion.id}.minimum"
        yield Problem(key, display(criterion.minimum), f"at most the maximum, {criterion.maximum:g}")


def _washout(p: Protocol) -> Iterator[Problem]:
    if p.washout is None:
        if len(p.periods) > 1:
            yield Problem("washout", "nothing", "a table: there is more than one period")
        return
    low, target, high = p.washout.min_days, p.washout.target_days, p.washout.max_days
    if low > target:
        yield Problem("washout.min_days", display(low), f"at most target_days, {target}")
    if target > high:
        yield Problem("washout.target_days", display(target), f"at most max_days, {high}")
    if low > high:
        yield Problem("washout.max_days", display(high), f"at least min_days, {low}")


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
            yield Problem(f"allocation.block_sizes[{position}]", display(size), expected)


def _infusion(p: Protocol) -> Iterator[Problem]:
    yield from infusion.problems(p.infusion, p.visits, p.deviations)


# The parts of the file that a check needs, and the check.
CHECKS: tuple[tuple[frozenset[str], Callable[[Protocol], Iterator[Problem]]], ...] = (
    (frozenset({"sites"}), _sites),
    (frozenset({"arms"}), _arms),
    (frozenset({"periods"}), _periods),
    (frozenset({"arms", "sequences", "periods"}), _sequences),
    (frozenset({"instruments", "screening_instruments"}), _instruments),
    (frozenset({"visits"}), _visits),
    (frozenset({"visits", "instruments"}), _visit_instruments),
    (frozenset({"visits", "forms", "screening_forms", "missing_reasons", "instruments"}), _forms),
    (frozenset({"parameters"}), _parameters),
    (frozenset({"infusion", "visits", "deviations"}), _infusion),
    (frozenset({"endpoints", "visits"}), _endpoint_visits),
    (frozenset({"endpoints", "instruments"}), _endpoint_instrument),
    (frozenset({"exploratory_endpoints", "visits"}), _exploratory_endpoints),
    (frozenset({"criteria", "screening_instruments"}), _criteria),
    (frozenset({"washout", "periods"}), _washout),
    (frozenset({"allocation", "sequences"}), _allocation),
    (frozenset({"supply", "allocation", "sequences"}), supply),
    (frozenset({"stopping"}), stopping.halts),
    (frozenset({"stopping", "planned_enrolment"}), stopping.looks),
    (frozenset({"stopping", "arms", "sequences"}), stopping.compare),
    (frozenset({"stopping"}), stopping.look_days),
    (frozenset({"stopping"}), stopping.design),
    (frozenset({"stopping"}), stopping.futility),
)
