"""Instruments as a site's raters see them: with the wording that the site has loaded."""

from collections.abc import Iterable
from dataclasses import replace

from assessments.domain.instrument import Instrument, InstrumentItem
from assessments.models.wording import Wording
from assessments.selectors import instrument_of
from enrollment.models import Visit
from trialsite.accounts.models import Site


def instruments_at(visit: Visit, codes: Iterable[str]) -> list[Instrument]:
    """Those of `codes` in the protocol's edition, in the site's own wording where it has one."""
    protocol = visit.participant.protocol.definition
    instruments = [instrument_of(protocol, code) for code in codes]
    protected = [instrument.code for instrument in instruments if instrument.protected]
    if not protected:
        return instruments
    saved = Wording.objects.filter(site=visit.participant.site_id, instrument__in=protected)
    worded = {wording.instrument: wording for wording in saved}
    return [_in_words(instrument, worded.get(instrument.code)) for instrument in instruments]


def wording_of(site: Site, instrument: str) -> Wording | None:
    return Wording.objects.filter(site=site, instrument=instrument).select_related("loaded_by").first()


def _in_words(instrument: Instrument, wording: Wording | None) -> Instrument:
    if wording is None:
        return instrument
    return replace(instrument, items=tuple(_item(item, wording) for item in instrument.items))


def _item(item: InstrumentItem, wording: Wording) -> InstrumentItem:
    own = wording.items.get(item.code)
    if own is None:
        return item
    anchors = tuple(
        replace(anchor, text=text) for anchor, text in zip(item.anchors, own["anchors"], strict=False)
    )
    return replace(item, name=own["name"], anchors=anchors)
