"""The prorated total of a rating with items missing, as an export computes it: `score` of the instruments in SQL."""

from collections.abc import Iterator

from analysis.exports.columns import Column
from assessments.domain.instrument import Instrument
from assessments.selectors import instrument_of
from enrollment.models import ProtocolVersion
from enrollment.protocol.model import InstrumentUse
from trialsite.accounts.models import Study


def prorated_column(study: Study) -> Column:
    """By the protocol version of the participant; empty where it allows none, or has another edition of the instrument."""
    cases = "".join(case for version in study.protocols.all() for case in _cases(version))
    return Column(
        "prorated_total",
        f"case{cases} end" if cases else "null::numeric",
        "Prorated total of a rating with items missing, where the protocol allows it; an extra that counts for no outcome",
        kind="number",
    )


def _cases(version: ProtocolVersion) -> Iterator[str]:
    protocol = version.definition
    for use in protocol.instruments:
        if use.prorate:
            yield _case(version.pk, use, instrument_of(protocol, use.code))


def _case(version: int, use: InstrumentUse, instrument: Instrument) -> str:
    """Codes are letters, digits, _ and -: the protocol's file says no other."""
    maxima = ", ".join(f"('{item.code}', {item.maximum})" for item in instrument.items)
    answered = "(select count(*) from jsonb_object_keys(a.items))"
    attainable = f"(select sum(m.most) from (values {maxima}) m(code, most) where a.items ? m.code)"  # noqa: S608 - see above
    return (
        f" when t.protocol_id = {version} and a.instrument = '{use.code}' and a.status = 'entered'"
        f" and {answered} > 0 and {len(instrument.groups)} - {answered} <= {use.most_missing}"
        f" then round(assessment_sum(a.items) * {instrument.total_maximum}::numeric / {attainable},"
        f" {use.prorated_decimals})"
    )
