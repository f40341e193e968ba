"""Which passwords are too well known, without asking anybody: Django's list of the 20 000 most common ones."""

import re

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class WellKnownValidator(CommonPasswordValidator):
    """Also a common one that was only made longer: repeated, or with digits and signs around it."""

    def validate(self, password: str, user: object = None) -> None:
        if any(form in self.passwords for form in _forms(password.lower().strip())):
            raise ValidationError(
                _("This password is too common, or a simple variation of a common one. Choose another."),
                code="password_too_common",
            )


def _forms(text: str) -> set[str]:
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)
    return {form for each in (text, core) for form in (each, re.sub(r"^(.+?)\1+$", r"\1", each)) if form}
