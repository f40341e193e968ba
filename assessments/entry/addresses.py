"""Where forms and records have their pages."""

from django.urls import reverse

from assessments.entry.selectors import FormPlace


def address(place: FormPlace, *, new: bool = False) -> str:
    """Where the form is filled in, or its rows stand; with `new` where a row is added."""
    suffix = "_new" if new else ""
    if place.visit:
        return reverse(f"visit_form{suffix}", args=[place.visit.pk, place.form.code])
    participant = place.participant
    return reverse(
        f"participant_form{suffix}", args=[participant.study.code, participant.code, place.form.code]
    )


def onward(place: FormPlace) -> str:
    """Where one goes on after saving: the rows, the visit, or the participant."""
    if place.form.repeats:
        return address(place)
    if place.visit:
        return reverse("visit", args=[place.visit.pk])
    return reverse("participant", args=[place.participant.study.code, place.participant.code])
