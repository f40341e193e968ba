"""Uploads of bounded size, and the form that takes one."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.domain.csvfile import ImportProblem, records
from assessments.importing.importer import Importer
from trialsite.accounts.fields import WordsField


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Keeps no more of a file than may be imported; its `size` is still what was sent, so that a form can say so."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if (room := settings.IMPORT_MAX_BYTES - start) > 0:
            super().receive_data_chunk(raw_data[:room], start)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={
            "required": gettext_lazy("Choose a CSV file."),
            "empty": gettext_lazy("The file is empty."),
        },
    )
    enrols = forms.BooleanField(
        label=gettext_lazy("Enrol participants who are not in the study yet"), required=False
    )

    def __init__(self, *args: Any, importer: Importer) -> None:
        super().__init__(*args)
        self.fields["file"].help_text = _(
            "CSV in UTF-8, one rating per row, at most %(size)s. Columns: site, participant, period, visit, date,"
            " instrument, and the total or the items."
        ) % {"size": filesizeformat(settings.IMPORT_MAX_BYTES)}
        if importer.randomises:
            # A file brings no allocation with it.
            del self.fields["enrols"]

    def clean_file(self) -> "UploadedFile[bytes]":
        """Not too large, and of a kind that can be read: by its content, whatever its name says."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        size = file.size or 0
        if size > settings.IMPORT_MAX_BYTES:
            raise forms.ValidationError(
                _("The file has %(size)s; at most %(most)s can be imported here.")
                % {"size": filesizeformat(size), "most": filesizeformat(settings.IMPORT_MAX_BYTES)}
            )
        header = next(records(file), None)  # type: ignore[arg-type]
        if header is None or isinstance(header, ImportProblem):
            raise forms.ValidationError(_("The file is empty.") if header is None else header.reason)
        if header.fault:
            raise forms.ValidationError(header.fault)
        file.seek(0)
        return file


class ImportConfirmForm(forms.Form):
    """`basis` names the preview that was read."""

    basis = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = WordsField(
        label=gettext_lazy("Reason for the import"),
        max_length=500,
        help_text=gettext_lazy("For example where the file comes from, and why saved values change."),
        error_messages={"required": gettext_lazy("Give the reason; it is kept in the audit trail.")},
    )
