"""The only writer of a site's own wording."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.domain.instrument import Instrument
from assessments.models.wording import Wording
from assessments.wording.reading import NotAWordingError, read
from trialsite.accounts.context import authorised_change
from trialsite.accounts.models import Site, User
from trialsite.lib.visible import is_visible

LOAD = "wording.load"


def load_wording(site: Site, instrument: Instrument, text: str, *, by: User, reason: str = "") -> Wording:
    """Show `instrument` at `site` in the wording of the CSV `text`, in place of one loaded before.

    Raises ValidationError by field: a file that is no wording of it, an instrument whose wording is not protected, a
    change without a reason.
    """
    with authorised_change(
        by, LOAD, site.study, site, reason=reason or _("wording of the licensed form loaded")
    ):
        items = _read(text, instrument)
        # Two first wordings at once: one waits, and then is a change.
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        saved = Wording.objects.select_for_update().filter(site=site, instrument=instrument.code).first()
        if saved is None:
            return Wording.objects.create(
                study=site.study, site=site, instrument=instrument.code, items=items, loaded_by=by
            )
        if saved.items != items:
            if not is_visible(reason):
                raise ValidationError(
                    {"reason": _("A wording is already loaded. Give the reason for the change.")}
                )
            saved.items, saved.loaded_by, saved.version = items, by, saved.version + 1
            saved.save()
    return saved


def _read(text: str, instrument: Instrument) -> dict[str, dict[str, object]]:
    if not instrument.protected:
        raise ValidationError(_("This wording of %(name)s is already loaded.") % {"name": instrument.name})
    try:
        return read(text, instrument)
    except NotAWordingError as error:
        raise ValidationError({"file": _(error.message) % error.params}) from error
