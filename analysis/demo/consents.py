"""The consent texts of the demo trial: a first one, and a second after which nobody signs the first any more."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from enrollment.consents.services import add_consent_version, approve_consent_version
from enrollment.models import ConsentApproval, ConsentVersion
from trialsite.accounts.models import Site, User

# Label, days since the date of the text, days since its approval at each site.
TEXTS = (("1.0", 600, {"01": 575, "02": 570}), ("2.0", 260, {"01": 244, "02": 238}))


def consent_texts(sites: Mapping[str, Site], today: date, by: User) -> list[ConsentApproval]:
    """Enter them, with their approvals."""
    study = next(iter(sites.values())).study
    approvals = []
    for label, dated, approved in TEXTS:
        text = add_consent_version(
            study, by=by, label=label, language="en", dated_on=today - timedelta(days=dated)
        )
        approvals += [
            approve_consent_version(
                text, sites[code], by=by, version=0, approved_on=today - timedelta(days=days)
            )
            for code, days in approved.items()
        ]
    return approvals


def text_on(approvals: Sequence[ConsentApproval], site: Site, day: date) -> ConsentVersion | None:
    """The one approved last at `site` by `day`."""
    there = [each for each in approvals if each.site_id == site.pk and each.approved_on <= day]
    latest = max(there, key=lambda each: each.approved_on, default=None)
    return latest.consent_version if latest else None
