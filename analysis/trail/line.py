"""One value of an entry, as the page shows it."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class TrailLine:
    """`old` and `new` as people read them, empty where there was or is none; `item`: of a form, and `code` its code where
    two may be called alike."""

    label: str
    old: str
    new: str
    item: bool = False
    code: str = ""

    @property
    def html(self) -> SafeString:
        """Made here: a page has hundreds, and a template for each would be most of its cost."""
        head = format_html('<span class="trail-label">{}:</span> ', self.label)
        if not self.old:
            return format_html("{}{}", head, self.new)
        changed = '{}<del>{}</del> <span aria-hidden="true">→</span><span class="visually-hidden">{}</span> <ins>{}</ins>'
        return format_html(changed, head, self.old, _("now"), self.new or _("no value"))
