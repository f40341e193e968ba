"""What views do with a refusal: put it by its field, or say it on top."""

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest


def add_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Errors by field where the form has the field, else on top of the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


def errors_by_field(error: ValidationError, rest: str = NON_FIELD_ERRORS) -> dict[str, list[str]]:
    """Field → its messages; under `rest` those of no field."""
    return error.message_dict if hasattr(error, "error_dict") else {rest: error.messages}


def say_errors(request: HttpRequest, error: ValidationError) -> None:
    for message in error.messages:
        messages.error(request, message)
