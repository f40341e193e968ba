"""What somebody has to write in words."""

from django.core.exceptions import ValidationError

from trialsite.lib.visible import is_visible


def required_text(text: str, otherwise: str) -> str:
    """`text` without the blanks around it. Raises ValidationError, with the sentence `otherwise`, when there is
    nothing to see."""
    if not is_visible(text):
        raise ValidationError({"text": otherwise})
    return text.strip()
