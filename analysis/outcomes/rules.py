"""Which outcome rules are in force for a study, and what tells one set of rules from another."""

from collections.abc import Mapping
from functools import lru_cache

from analysis.domain import response
from analysis.models import RuleAdoption
from assessments.domain import instrument as instruments
from assessments.selectors import instrument_of
from enrollment.models import ProtocolVersion
from enrollment.protocol.model import Protocol
from trialsite.accounts.models import Study
from trialsite.lib import canonical

# Counts up when a definition in docs/statistics/outcomes.md changes, so that a row says by which it was made.
DEFINITIONS = 4
_known: dict[tuple[int, str], str] = {}


def rules_in_force(study: Study | int) -> ProtocolVersion:
    """The protocol version whose outcome rules hold: the one adopted last, else the first that was loaded.

    A newer version waits until somebody adopts it (`analysis.outcomes.services.adopt_rules`). The rules are one for the
    whole study, so that every figure has one definition.
    """
    adopted = RuleAdoption.objects.filter(study=study).select_related("protocol").order_by("-id").first()
    return adopted.protocol if adopted else ProtocolVersion.objects.filter(study=study).earliest("id")


def rules_waiting(study: Study) -> ProtocolVersion | None:
    """The newest protocol version, when its outcome rules differ from those in force; else None."""
    newest = study.protocols.latest()
    differs = rule_version(newest) != rule_version(rules_in_force(study))
    return newest if differs else None


def protocol_in_force(study: Study) -> ProtocolVersion:
    """The newest protocol version, unless its outcome rules wait: then the one whose rules hold, as a whole."""
    return rules_in_force(study) if rules_waiting(study) else study.protocols.latest()


def outcome_rules(protocol: ProtocolVersion) -> response.OutcomeRules:
    """The response rules that `protocol` states."""
    end = protocol.definition.endpoints
    return response.OutcomeRules(
        baseline_visit=end.baseline_visit,
        primary_visit=end.primary_visit,
        response_percent=end.response_percent,
        remission_max=end.remission_max,
        visits=tuple((visit.code, visit.day) for visit in protocol.definition.visits),
    )


def rule_version(protocol: ProtocolVersion) -> str:
    """Short name of the rules: the definitions' number and a hash of all that an outcome depends on.

    Computed once a process: rows of protocol versions never change.
    """
    key = (protocol.pk, protocol.sha256)
    if key not in _known:
        rules = protocol.definition
        content = response.rule_content(
            outcome_rules(protocol), rules.endpoints.instrument, endpoint_instrument(rules).subscales
        ) | {"periods": [period.number for period in rules.periods]}
        _known[key] = f"{DEFINITIONS}-{canonical.sha256(content)[:12]}"
    return _known[key]


def endpoint_instrument(protocol: Protocol) -> instruments.Instrument:
    """The instrument that the endpoints are made of, in the protocol's edition."""
    return instrument_of(protocol, protocol.endpoints.instrument)


@lru_cache(maxsize=16)
def subscale_items(code: str) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Subscale of the instrument `code` → for each of its items the codes by which it may have been rated
    (alternatives together)."""
    instrument = instruments.load(code)
    numbers = {item.code: item.alternative or item.number for item in instrument.items}
    return {
        name: tuple(tuple(item for item, number in numbers.items() if number == wanted) for wanted in wants)
        for name, wants in instrument.subscales.items()
    }
