"""A form as it would be entered, before it is loaded: read from a file, filled in to try it, and nothing is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.domain.evaluate import Evaluation, evaluate
from assessments.domain.form import Form
from assessments.entry.codec import TypedRecord, item_field, new_token, read_fields
from assessments.entry.page import RecordPage, record_page
from assessments.entry.selectors import FormPlace
from assessments.language import form_language
from assessments.models import FormVersion
from enrollment.models import Participant, ProtocolVersion

# docs/form-file.md: a larger file is refused as a whole.
LARGEST = 131_072
# Bytes: a character of UTF-8 takes four at most.
LARGEST_BYTES = 4 * LARGEST


class PreviewForm(forms.Form):
    """`text` of the file, once it is valid."""

    file = forms.FileField(
        label=gettext_lazy("Form file"),
        help_text=gettext_lazy("A .toml file in UTF-8. It is checked and shown here; nothing of it is kept."),
        widget=forms.FileInput(attrs={"accept": ".toml"}),
        error_messages={
            "required": gettext_lazy("Choose a form file."),
            "empty": gettext_lazy("The file is empty."),
        },
    )

    def clean_file(self) -> str:
        """Its text: of a name, a size and bytes that a form file can have."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if not (file.name or "").lower().endswith(".toml"):
            raise forms.ValidationError(_("A form file's name ends with .toml."))
        if (file.size or 0) > LARGEST_BYTES:
            raise forms.ValidationError(_("The file is too large: a form has at most 131,072 characters."))
        try:
            text: str = file.read().decode("utf-8")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is no text in UTF-8.")) from None
        return text


@dataclass(frozen=True, slots=True)
class Preview:
    """What was typed into the form, and what it makes of it."""

    page: RecordPage
    typed: TypedRecord
    evaluation: Evaluation


def preview_of(
    form: Form, version: ProtocolVersion, fields: Mapping[str, object], *, zone: tzinfo, sent: bool = False
) -> Preview:
    """`fields`: of the page; `sent`: say all that would keep it from being saved, and all that would be asked."""
    typed = read_fields(form, fields, zone)
    evaluation = evaluate(
        form,
        typed.entry.values,
        typed.entry.missing,
        today=timezone.localdate(timezone=zone),
        comments=typed.entry.comments,
        language=form_language(),
    )
    errors = {}
    if sent:
        refused = {item_field(each.item): _(each.message) % each.params for each in evaluation.problems}
        errors = {**refused, **typed.unreadable}
    page = record_page(
        _nobodys(form, version),
        typed.text,
        evaluation,
        saved=None,
        token=new_token(),
        errors=errors,
        asked=sent and bool(evaluation.unanswered),
    )
    return Preview(page, typed, evaluation)


def _nobodys(form: Form, version: ProtocolVersion) -> FormPlace:
    """A place of no participant: neither is ever saved."""
    nobody = Participant(study=version.study, protocol=version)
    return FormPlace(
        nobody, None, FormVersion(study=version.study, code=form.code, version=form.version), form
    )
