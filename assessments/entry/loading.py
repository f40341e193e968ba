"""A protocol together with the forms that it names: loaded as one, or not at all."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from django.db import transaction

from assessments.domain import form_file, infusion_form
from assessments.domain.expression import Expression, ExpressionError
from assessments.domain.form import Form, Item
from assessments.domain.form_file import FormError, Surroundings
from assessments.domain.instrument import catalogue
from assessments.domain.label import Label
from assessments.entry.layouts import LAYOUTS
from assessments.models import FormVersion
from enrollment.models import ProtocolVersion
from enrollment.protocol.model import Protocol
from enrollment.protocol.treatments import source_of
from enrollment.services import load_protocol
from enrollment.versions.services import VersionTaken
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User
from trialsite.lib.document.problems import Problem, display


@transaction.atomic
def load_trial(source: str, *, by: User, folder: Path = form_file.FOLDER) -> tuple[ProtocolVersion, bool]:
    """Load a protocol file's text, and its forms from `folder`; return the version and whether it is new.

    Raises what `load_protocol` raises, and FormError with every mistake of the forms. A form's version is kept once for a
    study: VersionTaken where it has another content now. A command line calls this, and is audited as the system user.
    """
    version, new = load_protocol(source, by=by, catalogue=catalogue())
    if new:
        protocol = version.definition
        texts = _read(protocol, folder)
        forms = _parsed(protocol, texts)
        with audit_context(by, role="system", reason=f"load forms of {protocol.code} {protocol.version}"):
            for code, form in forms.items():
                _keep(version, form, texts[code], by)
    return version, new


def _read(protocol: Protocol, folder: Path) -> dict[str, str]:
    texts, problems = {}, []
    for use in protocol.forms:
        path = folder / f"{use.code.lower()}.toml"
        try:
            texts[use.code] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            problems.append(Problem(f"forms.{use.code}", "no readable file", f"the form in {path.name}"))
    if problems:
        raise FormError(problems)
    return texts


def _parsed(protocol: Protocol, texts: Mapping[str, str]) -> dict[str, Form]:
    """Each form by itself, then each beside the others, which its expressions may name."""
    problems: list[Problem] = []
    alone = _each(texts, form_file.ALONE, problems)
    if problems:
        raise FormError(problems)
    forms = _each(texts, surroundings_of(protocol, alone.values()), problems)
    problems += form_file.circle_problems(alone.values())
    problems += _misplaced(protocol, alone)
    problems += _not_comparable(protocol, alone)
    problems += _criteria(protocol, surroundings_of(protocol, alone.values()))
    if protocol.infusion:
        problems += infusion_form.problems(protocol.infusion, forms, protocol.parameters or {})
    if problems:
        raise FormError(problems)
    return forms


# Where the expressions of criteria stand: at the participant, outside every form.
OUTSIDE = Form(code="", title=Label((("", ""),)), version="", placement="once", items=())


def _criteria(protocol: Protocol, surroundings: Surroundings) -> Iterator[Problem]:
    """What is wrong in the values of criteria. That a protocol counts failed treatments without saying of which form, only
    those that were loaded by earlier versions may leave open."""
    scope = surroundings.scope(OUTSIDE, frozenset())
    for criterion in protocol.criteria:
        key = f"criteria.{criterion.id}.value"
        if criterion.value is None and (source := source_of(criterion)):
            yield Problem(key, "nothing", f"what is counted, such as {display(source)}")
        if criterion.value is not None:
            try:
                mistakes = Expression.of(criterion.value).mistakes(scope, "number")
            except ExpressionError as error:
                mistakes = (error,)
            yield from (Problem(key, mistake.found, mistake.expected) for mistake in mistakes)


def surroundings_of(protocol: Protocol, forms: Iterable[Form]) -> Surroundings:
    """What a form file is held against: the protocol, and the `forms` that it may name."""
    return Surroundings(
        catalogue=form_file.catalogue_of(forms),
        visits=[visit.code for visit in protocol.visits],
        missing_reasons=[reason.code for reason in protocol.missing_reasons],
        layouts=LAYOUTS,
        periods=[period.number for period in protocol.periods],
        parameters=protocol.parameters or {},
    )


def _each(texts: Mapping[str, str], surroundings: Surroundings, problems: list[Problem]) -> dict[str, Form]:
    forms = {}
    for code, text in texts.items():
        try:
            forms[code] = form_file.read_form(text, surroundings)
        except FormError as error:
            problems += [
                Problem(f"{code.lower()}.toml: {one.key}", one.found, one.expected) for one in error.problems
            ]
    return forms


def _misplaced(protocol: Protocol, forms: Mapping[str, Form]) -> Iterator[Problem]:
    """Another code or version than the protocol names, and a form that the protocol has at visits and the file does not, or
    the other way round."""
    at_visits = {*protocol.screening_forms, *(code for visit in protocol.visits for code in visit.forms)}
    for use in protocol.forms:
        form = forms[use.code]
        if form.code != use.code:
            yield Problem(f"{use.code.lower()}.toml: code", display(form.code), display(use.code))
        if form.version != use.version:
            expected = f"the version of the file, {display(form.version)}"
            yield Problem(f"forms.{use.code}.version", display(use.version), expected)
        if form.at_visit and use.code not in at_visits:
            yield Problem(
                f"forms.{use.code}", "a form of a visit that stands at none", "a visit's `forms` to name it"
            )
        if not form.at_visit and use.code in at_visits:
            expected = "forms of visits there: this one is the participant's"
            yield Problem(f"forms.{use.code}", "a form named at a visit", expected)
        yield from _guessing(protocol, form, forms)


def _guessing(protocol: Protocol, form: Form, forms: Mapping[str, Form]) -> Iterator[Problem]:
    """Forms to be kept apart from that there are not, and arms that nobody could guess."""
    file = f"{form.code.lower()}.toml"
    for code in form.apart_from:
        if code not in forms or code == form.code:
            yield Problem(f"{file}: apart_from", f"'{code}'", "the code of another form of the protocol")
    if form.treatment_guess:
        answers = {answer.code for answer in form.choices(form.by_code[form.treatment_guess])}
        for arm in protocol.arms:
            if arm.code not in answers:
                expected = f"an answer for every arm, '{arm.code}' too"
                yield Problem(f"{file}: treatment_guess", ", ".join(sorted(answers)), expected)


def _not_comparable(protocol: Protocol, forms: Mapping[str, Form]) -> Iterator[Problem]:
    """Items that rules of deviations read, and that no form has, or not as they need them."""
    rules = protocol.deviations
    if rules is None:
        return
    kinds = {f"deviations.tolerances.{rule.code}.item": (rule.item, _is_number) for rule in rules.tolerances}
    if rules.kit:
        kinds["deviations.kit"] = (rules.kit, _is_text)
    for key, (name, fits) in kinds.items():
        form, _dot, code = name.partition(".")
        item = forms[form].by_code.get(code) if form in forms else None
        if item is None or not fits(item) or forms[form].placement != "once_at_visit":
            kind = "a number" if fits is _is_number else "a text"
            yield Problem(key, display(name), f"{kind} of a form that is filled in once at a visit")


def _is_number(item: Item) -> bool:
    return item.type in ("integer", "decimal", "vas") or (
        item.type == "calculated" and item.result == "number"
    )


def _is_text(item: Item) -> bool:
    return item.type == "text"


def _keep(version: ProtocolVersion, form: Form, source: str, by: User) -> None:
    digest = hashlib.sha256(source.encode()).hexdigest()
    kept = FormVersion.objects.filter(study=version.study, code=form.code, version=form.version).first()
    if kept is None:
        FormVersion.objects.create(
            study=version.study,
            code=form.code,
            version=form.version,
            source=source,
            sha256=digest,
            loaded_by=by,
        )
    elif kept.sha256 != digest:
        raise VersionTaken(
            f"form {form.code} {form.version} is loaded with another content: a form asked otherwise needs a new version."
        )
