"""What saved ratings say about the schedule: that visits took place, and who has been through all of them.

Part of saving one rating or an import of thousands: the caller has authorised, and its transaction and actor hold.
"""

from collections.abc import Collection, Mapping
from datetime import date

from django.db import connection

from enrollment.models import Participant, Period, Visit
from enrollment.schedule.services.washout import check_washouts
from enrollment.selectors import having_completed
from trialsite.accounts.models import User

PERFORMED = """
    update enrollment_visit v set status = 'done', performed_on = d.day, missed_reason = ''
    from unnest(%s::bigint[], %s::date[]) as d (id, day)
    where v.id = d.id and (v.status, v.performed_on) is distinct from ('done', d.day)
"""


def mark_performed(days: Mapping[int, date | None]) -> None:
    """These visits (id → day) took place."""
    with connection.cursor() as cursor:
        cursor.execute(PERFORMED, [list(days), list(days.values())])


def take_back_performed(visits: Collection[int]) -> None:
    """Nothing was rated at these visits (ids) after all: they are to come again, or to be marked missed, and who had
    completed the study by them has not."""
    Visit.objects.filter(pk__in=visits, status=Visit.Status.DONE).update(
        status=Visit.Status.PLANNED, performed_on=None
    )
    participants = Visit.objects.filter(pk__in=visits, period__isnull=False).values("participant")
    Participant.objects.filter(pk__in=participants, status=Participant.Status.COMPLETED).update(
        status=Participant.Status.RANDOMISED
    )


def settle_schedule(earliest: Mapping[int, int], *, by: User) -> None:
    """After visits took place, or did not after all: who has none to come has completed the study, and the periods that
    follow are held against the washout rule again. `earliest`: participant (id) → number of the first period concerned."""
    if not earliest:
        return
    # Asked first: an update of nobody still runs what guards a participant's row.
    completed = list(
        having_completed(Participant.objects.filter(pk__in=earliest)).values_list("pk", flat=True)
    )
    if completed:
        having_completed(Participant.objects.filter(pk__in=completed)).update(
            status=Participant.Status.COMPLETED
        )
    dated = Period.objects.filter(participant__in=earliest, number__gt=1).exclude(
        planned_on=None, dosed_on=None
    )
    concerned = {
        participant
        for participant, number in dated.values_list("participant", "number")
        if number > earliest[participant]
    }
    if concerned:
        check_washouts(concerned, by=by)
