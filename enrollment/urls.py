"""Addresses of enrollment: participants, their screening, periods and dates."""

from django.urls import path

from enrollment.availability import views as availability
from enrollment.calendar import views as calendar
from enrollment.consents import views as consents
from enrollment.participants import views as participants
from enrollment.proposals import views as proposals
from enrollment.randomisation import views as randomisation
from enrollment.schedule import views as schedule
from enrollment.screening.views import eligibility, screening, treatments
from enrollment.supply import views as supply
from enrollment.today import views as today
from enrollment.unblinding import views as unblinding
from enrollment.versions import views as versions
from enrollment.withdrawal import views as withdrawal

urlpatterns = [
    path("", today.home, name="home"),
    path("feeds/<str:token>.ics", calendar.feed, name="feed"),
    path(
        "studies/<str:study>/sites/<str:site>/days/", availability.site_availability, name="site_availability"
    ),
    path("studies/<str:study>/sites/<str:site>/absences/", availability.absence_add, name="absence_add"),
    path("absences/<int:pk>/remove/", availability.absence_remove, name="absence_remove"),
    path("studies/<str:study>/sites/<str:site>/waiting/", proposals.waiting_list, name="waiting_list"),
    path("studies/<str:study>/sites/<str:site>/waiting/undo/", proposals.waiting_undo, name="waiting_undo"),
    path("studies/<str:study>/participants/", participants.participant_list, name="participants"),
    path("studies/<str:study>/participants.csv", participants.participants_file, name="participants_file"),
    path("studies/<str:study>/participants/new/", screening.participant_new, name="participant_new"),
    path("studies/<str:study>/participants/<str:code>/", participants.participant_detail, name="participant"),
    path("studies/<str:study>/participants/<str:code>/screening/", screening.screening, name="screening"),
    path(
        "studies/<str:study>/participants/<str:code>/screening/draft/",
        screening.screening_draft,
        name="screening_draft",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/screening/draft/discard/",
        screening.screening_draft_discard,
        name="screening_draft_discard",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/treatments/complete/",
        treatments.treatments_declare,
        name="treatments_declare",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/eligibility/",
        eligibility.eligibility_confirm,
        name="eligibility_confirm",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/eligibility/reopen/",
        eligibility.screening_reopen,
        name="screening_reopen",
    ),
    path("studies/<str:study>/participants/<str:code>/rescreen/", eligibility.rescreen, name="rescreen"),
    path("studies/<str:study>/participants/<str:code>/randomise/", randomisation.randomise, name="randomise"),
    path("studies/<str:study>/participants/<str:code>/withdraw/", withdrawal.withdraw, name="withdraw"),
    path(
        "studies/<str:study>/participants/<str:code>/withdraw/take-back/",
        withdrawal.withdrawal_take_back,
        name="withdrawal_take_back",
    ),
    path("studies/<str:study>/participants/<str:code>/unblind/", unblinding.unblind, name="unblind"),
    path("studies/<str:study>/protocol/", versions.protocol_versions, name="protocol_versions"),
    path("studies/<str:study>/consents/", consents.consents, name="consents"),
    path("studies/<str:study>/consents/new/", consents.consent_version_new, name="consent_version_new"),
    path("consents/<int:pk>/", consents.consent_version_correct, name="consent_version_correct"),
    path("consents/<int:pk>/sites/<str:site>/", consents.consent_approval, name="consent_approval"),
    path("studies/<str:study>/calendar/", calendar.calendar, name="calendar"),
    path("studies/<str:study>/calendar.csv", calendar.calendar_file, name="calendar_file"),
    path("studies/<str:study>/calendar/feed/", calendar.feed_make, name="feed_make"),
    path("periods/<int:pk>/plan/", schedule.plan, name="plan"),
    path("periods/<int:pk>/dosing/", schedule.dosing, name="dosing"),
    path("visits/<int:pk>/missed/", schedule.visit_missed, name="visit_missed"),
    path("studies/<str:study>/supply/", supply.supply, name="supply"),
    path("studies/<str:study>/supply.csv", supply.supply_file, name="supply_file"),
    path("studies/<str:study>/supply/<str:site>/send/", supply.supply_send, name="supply_send"),
    path("studies/<str:study>/kits/<str:number>/", supply.kit, name="kit"),
    path(
        "studies/<str:study>/kits/<str:number>/return/", supply.kit_move, {"act": "return"}, name="kit_return"
    ),
    path(
        "studies/<str:study>/kits/<str:number>/destroy/",
        supply.kit_move,
        {"act": "destroy"},
        name="kit_destroy",
    ),
    path(
        "studies/<str:study>/kits/<str:number>/put-back/",
        supply.kit_move,
        {"act": "put-back"},
        name="kit_put_back",
    ),
    path("studies/<str:study>/kits/<str:number>/replace/", supply.kit_replace, name="kit_replace"),
    path("shipments/<int:pk>/", supply.shipment, name="shipment"),
    path("wrong-kits/<int:pk>/", supply.wrong_kit, name="wrong_kit"),
    path("wrong-kits/<int:pk>/close/", supply.wrong_kit_close, name="wrong_kit_close"),
]
