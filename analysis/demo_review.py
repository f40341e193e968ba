"""What people have said about the demo's records, so that no room of review is empty on the first visit."""

from assessments.models import Assessment
from assessments.safety.models import SafetyAlert
from assessments.safety.services import acknowledge, raise_alerts
from assessments.selectors import instrument_of
from assessments.services import Entry, correct
from enrollment.models import Participant
from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import Study, User
from trialsite.accounts.rehearsal import confirmed
from trialsite.review import services
from trialsite.review.models import Query
from trialsite.review.services import Place

ACTION = "Spoke with the participant the same day: no plan, no intent; crisis numbers given; seen again within a week."
MEANING = "I have reviewed these data; they are complete and correct."


def review(study: Study) -> None:
    """Safety alerts, all but the newest acted upon; one casebook signed and locked; one signature voided by a
    correction; queries open, answered, closed."""
    people = {user.username: user for user in User.objects.filter(memberships__study=study).distinct()}
    _act_on_alerts(study, people)
    done, corrected, *_others = Participant.objects.filter(study=study, site__code="01", status="completed")
    _finish(done, people)
    _needs_signing_again(corrected, people)
    away = Participant.objects.filter(study=study, site__code="02", status="completed").first()
    if away:
        _ask(away, "DAY7", "HAMD106", "Please check: the source reads 1.", people["datamanager"])


def _act_on_alerts(study: Study, people: dict[str, User]) -> None:
    rules = study.protocols.latest().rules
    ratings = Assessment.objects.filter(participant__study=study)
    with signed_by(User.objects.system(), role="system", reason="ratings of the demo"):
        raise_alerts(ratings, instrument_of(rules, rules.endpoints.instrument))
    physician = {"01": people["investigator"], "02": people["investigator2"]}
    alerts = SafetyAlert.objects.filter(rating__in=ratings).select_related("participant__study", "site")
    newest = alerts.filter(site__code="01").latest("rating__performed_on", "rating__visit__day")
    for alert in alerts.exclude(pk=newest.pk):
        acknowledge(alert, by=physician[alert.site.code], action=ACTION)


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
    entry = Entry(
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
