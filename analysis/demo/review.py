"""What people have said about the demo's records, so that no room of review is empty on the first visit."""

from assessments.deviations.services import close_deviation, review_deviation
from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment, Deviation
from assessments.models.safety import SafetyAlert
from assessments.rating.services import correct
from assessments.safety.services import acknowledge
from enrollment.models import Participant
from trialsite.accounts.models import Study, User
from trialsite.accounts.rehearsal import confirmed
from trialsite.review import services
from trialsite.review.models import Query
from trialsite.review.services import Place

ACTION = "Spoke with the participant the same day: no plan, no intent; crisis numbers given; seen again within a week."
PRESSURE_ACTION = (
    "Seen at once by the physician on duty: no symptoms; 142 after half an hour, without treatment."
)
# By rule: how it came about, and what is done about it.
SAID = {
    "visit_window": (
        "The participant could not come on the day; the date is right.",
        "The next visits were confirmed by telephone. Nothing further.",
    ),
    "visit_missed": (
        "The participant was away; the score of that day is lost.",
        "The site calls two days before each visit.",
    ),
    "visit_order": (
        "The visit before it was late; both took place.",
        "No action needed: a consequence of the late visit.",
    ),
    "tolerance": (
        "The line was placed at the second attempt. No consequence for the participant.",
        "The line is now placed before the capsule is given.",
    ),
    "wrong_kit": (
        "The capsule came from the kit that lay beside the assigned one. Nobody was unblinded.",
        "Two people read the number aloud before a capsule is given. The unblinded pharmacist was told the same day.",
    ),
}
MEANING = "I have reviewed these data; they are complete and correct."


def review(study: Study) -> None:
    """Safety alerts, all but the newest acted upon; one casebook signed and locked; one signature voided by a
    correction; queries open, answered, closed; deviations to review, reviewed, closed."""
    people = {user.username: user for user in User.objects.filter(memberships__study=study).distinct()}
    _act_on_alerts(study, people)
    _answer_edit_checks(study, people)
    _review_deviations(study, people)
    done, corrected, *_others = Participant.objects.filter(study=study, site__code="01", status="completed")
    _finish(done, people)
    _needs_signing_again(corrected, people)
    away = Participant.objects.filter(study=study, site__code="02", status="completed").first()
    if away:
        _ask(away, "DAY7", "HAMD106", "Please check: the source reads 1.", people["datamanager"])


def _act_on_alerts(study: Study, people: dict[str, User]) -> None:
    physician = {"01": people["investigator"], "02": people["investigator2"]}
    alerts = SafetyAlert.objects.filter(participant__study=study).select_related("participant__study", "site")
    rated = alerts.filter(rating__isnull=False)
    newest = rated.filter(site__code="01").latest("rating__performed_on", "rating__visit__day")
    for alert in rated.exclude(pk=newest.pk):
        acknowledge(alert, by=physician[alert.site.code], action=ACTION)
    for alert in alerts.filter(record__form="VITALS"):
        acknowledge(alert, by=physician[alert.site.code], action=PRESSURE_ACTION)


def _answer_edit_checks(study: Study, people: dict[str, User]) -> None:
    """What was asked about dates of ratings is answered by the sites and closed by data management, but for the newest at
    each site."""
    coordinator = {"01": people["coordinator"], "02": people["coordinator2"]}
    for site, by in coordinator.items():
        open_queries = Query.objects.open().filter(participant__study=study, participant__site__code=site)
        asked_at_ratings = open_queries.filter(form="HAMD17").exclude(check_id="")
        *earlier, _newest = asked_at_ratings.order_by("visit__performed_on")
        for n, query in enumerate(earlier):
            services.answer(query, by=by, text="The date is right; see the note to file on the visit.")
            if n:
                services.close(query, by=people["datamanager"], text="Note to file seen.")


def _review_deviations(study: Study, people: dict[str, User]) -> None:
    """In turn reviewed and closed, reviewed, and not looked at yet; a wrong kit is reviewed, the newest of a site is not."""
    by_site = {"01": people["coordinator"], "02": people["coordinator2"]}
    for site, by in by_site.items():
        filed = Deviation.objects.standing().filter(participant__study=study, participant__site__code=site)
        rows = filed.select_related("participant__study", "participant__site").order_by("occurred_on", "pk")
        *earlier, _newest = rows
        for n, deviation in enumerate(earlier):
            said, action = SAID.get(deviation.rule, SAID["visit_window"])
            if deviation.rule != "wrong_kit" and n % 3 == 2:
                continue
            review_deviation(deviation, by=by, text=said, action=action)
            if deviation.rule != "wrong_kit" and n % 3 == 0:
                close_deviation(deviation, by=people["monitor"], text="Note to file seen.")


def _finish(participant: Participant, people: dict[str, User]) -> None:
    visits = list(participant.visits.exclude(status="planned"))
    for visit in visits:
        services.verify(participant, visit, "HAMD17", [""], by=people["monitor"])
    for form in ("screening", "dosing"):
        services.verify(participant, None, form, [""], by=people["monitor"])
    with confirmed(investigator := people["investigator"]):
        for record in (*visits, None):
            services.sign(participant, record, by=investigator, meaning=MEANING)
    services.lock(participant.study, participant, by=people["datamanager"], reason="Casebook clean")


def _needs_signing_again(participant: Participant, people: dict[str, User]) -> None:
    rating = Assessment.objects.get(participant=participant, visit__period__number=1, visit__code="DAY1")
    with confirmed(investigator := people["investigator"]):
        services.sign(participant, rating.visit, by=investigator, meaning=MEANING)
    entry = AssessmentEntry(
        items=rating.items,
        missing=rating.missing,
        rater="Clara Ortiz",
        performed_on=rating.performed_on,
        performed_time=rating.performed_time,
    )
    correct(
        rating,
        entry,
        by=people["coordinator"],
        version=rating.version,
        reason="Name of the rater was missing",
    )
    query = _ask(
        participant, "DAY3", "HAMD104", "Source says 2, entered is another value.", people["monitor"]
    )
    services.answer(query, by=people["coordinator"], text="The entry follows the corrected source page 14.")
    consent = Place(participant, None, "screening", "consented_on")
    services.raise_queries(
        [consent], by=people["monitor"], text="The consent form is dated one day earlier. Please check."
    )
    query = _ask(participant, "BASELINE", "", "Who rated? The source is not signed.", people["monitor"])
    services.answer(query, by=people["coordinator"], text="The source is signed now.")
    services.close(query, by=people["monitor"], text="Seen, thank you.")


def _ask(participant: Participant, visit_code: str, field: str, text: str, by: User) -> Query:
    visit = participant.visits.get(period__number=1, code=visit_code)
    [query] = services.raise_queries([Place(participant, visit, "HAMD17", field)], by=by, text=text)
    return query
