"""The forms and instruments of a study, each with where it belongs; what a form file is read against."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from django.http import Http404
from django.utils.translation import gettext as _

from assessments.domain import form_file
from assessments.domain import instrument as instruments
from assessments.domain.form import Form
from assessments.domain.instrument import Instrument
from assessments.entry.selectors import form_of
from assessments.language import form_language
from assessments.models import FormVersion
from assessments.selectors import instrument_of
from enrollment.models import ProtocolVersion
from enrollment.protocol.model import Protocol
from trialsite.accounts.models import Study


@dataclass(frozen=True, slots=True)
class FormLine:
    """A form of a study in one version. `current`: the newest protocol uses this version."""

    definition: FormVersion
    title: str
    belongs: str
    current: bool


@dataclass(frozen=True, slots=True)
class InstrumentLine:
    """An instrument that the newest protocol uses."""

    instrument: Instrument
    belongs: str


def newest_protocol(study: Study) -> ProtocolVersion:
    """404 where the study has none."""
    version = study.protocols.order_by("-id").first()
    if version is None:
        raise Http404
    return version


def form_version_of(study: Study, pk: int) -> FormVersion:
    """404 where it is another study's."""
    definition = FormVersion.objects.filter(study=study, pk=pk).first()
    if definition is None:
        raise Http404
    return definition


def form_lines(study: Study, protocol: Protocol) -> list[FormLine]:
    """Those of the newest protocol in its order, then the versions before."""
    places = {use.code: n for n, use in enumerate(protocol.forms)}
    used = {use.code: use.version for use in protocol.forms}
    lines = [
        FormLine(
            definition,
            (form := form_of(definition)).title.text(form_language()),
            "; ".join(_belongs(protocol, form)),
            used.get(definition.code) == definition.version,
        )
        for definition in FormVersion.objects.filter(study=study)
    ]
    last = len(places)
    return sorted(
        lines,
        key=lambda line: (not line.current, places.get(line.definition.code, last), -line.definition.pk),
    )


def instrument_lines(protocol: Protocol) -> list[InstrumentLine]:
    return [
        InstrumentLine(
            instrument_of(protocol, use.code),
            ", ".join(_visits(protocol, protocol.screening_instruments, "instruments", use.code)),
        )
        for use in protocol.instruments
    ]


def _belongs(protocol: Protocol, form: Form) -> Iterator[str]:
    yield {
        "once_at_visit": _("Once at a visit"),
        "repeating_at_visit": _("Rows at a visit"),
        "once": _("Once for a participant"),
        "repeating": _("Rows for a participant"),
    }[form.placement]
    if visits := list(_visits(protocol, protocol.screening_forms, "forms", form.code)):
        yield ", ".join(visits)


def _visits(protocol: Protocol, at_screening: tuple[str, ...], kind: str, code: str) -> Iterator[str]:
    if code in at_screening:
        yield _("Screening")
    yield from (visit.label for visit in protocol.visits if code in getattr(visit, kind))


def forms_of(study: Study) -> dict[str, Form]:
    """Every form that another may name: the shipped ones, then the study's newest versions."""
    own = {definition.code: form_of(definition) for definition in FormVersion.objects.filter(study=study)}
    return {**form_file.shipped(), **own}


def reasons_of(protocol: Protocol) -> Mapping[str, str]:
    """Code of a reason why there is no value → words."""
    return {reason.code: reason.label for reason in protocol.missing_reasons}


@cache
def instrument_sha256(code: str) -> str:
    """Of the instrument's file."""
    content = (instruments.FOLDER / f"{code.lower()}.toml").read_bytes()
    return hashlib.sha256(content).hexdigest()
