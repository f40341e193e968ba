"""Addresses of assessments: visits, ratings, their review, imports, safety."""

from django.urls import path

from assessments.casebook import views as casebook_views
from assessments.deviations import views as deviation_views
from assessments.entry import views as entry_views
from assessments.events import views as event_views
from assessments.importing import views as importing_views
from assessments.infusion import views as infusion_views
from assessments.language import choose_form_language
from assessments.rating import second_views, views
from assessments.review import lock_views, signing_views
from assessments.review import views as review_views
from assessments.safety import views as safety_views
from assessments.today import views as today_views
from assessments.wording import views as wording_views

urlpatterns = [
    path("studies/<str:study>/", today_views.today, name="today"),
    path(
        "studies/<str:study>/participants/<str:code>/review/",
        signing_views.review_participant,
        name="review_participant",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/review/sign/",
        signing_views.sign_series,
        name="sign_series",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/lock/",
        lock_views.lock_participant,
        name="lock_participant",
    ),
    path("studies/<str:study>/queries/", review_views.query_list, name="queries"),
    path("studies/<str:study>/queries.csv", review_views.query_file, name="queries_file"),
    path("studies/<str:study>/review.csv", review_views.review_file, name="review_file"),
    path("studies/<str:study>/review/", review_views.review_list, name="review"),
    path("studies/<str:study>/review/ask/", review_views.review_ask, name="review_ask"),
    path("studies/<str:study>/lock/", lock_views.lock_study, name="lock_study"),
    path("studies/<str:study>/imports/", importing_views.imports, name="imports"),
    path("studies/<str:study>/imports/<int:pk>/", importing_views.import_page, name="import"),
    path(
        "studies/<str:study>/imports/<int:pk>/confirm/", importing_views.import_confirm, name="import_confirm"
    ),
    path("studies/<str:study>/imports/<int:pk>/check/", importing_views.import_again, name="import_again"),
    path("studies/<str:study>/imports/<int:pk>/cancel/", importing_views.import_cancel, name="import_cancel"),
    path("studies/<str:study>/sites/<str:site>/wording/<str:code>/", wording_views.wording, name="wording"),
    path(
        "studies/<str:study>/participants/<str:code>/casebook/",
        casebook_views.casebook_taken,
        name="casebook",
    ),
    path("studies/<str:study>/forms/", casebook_views.form_list, name="forms"),
    path("studies/<str:study>/forms/language/", choose_form_language, name="form_language"),
    path("studies/<str:study>/forms/preview/", casebook_views.form_preview, name="form_preview"),
    path(
        "studies/<str:study>/forms/preview/live/", casebook_views.form_preview_live, name="form_preview_live"
    ),
    path("studies/<str:study>/forms/<int:pk>/", casebook_views.form_shown, name="form_shown"),
    path("studies/<str:study>/forms/<int:pk>/live/", casebook_views.form_shown_live, name="form_shown_live"),
    path("studies/<str:study>/forms/<int:pk>/blank.pdf", casebook_views.form_blank, name="form_blank"),
    path(
        "studies/<str:study>/instruments/<str:code>/blank.pdf",
        casebook_views.instrument_blank,
        name="instrument_blank",
    ),
    path("visits/<int:pk>/", views.visit, name="visit"),
    path(
        "studies/<str:study>/participants/<str:code>/queries/",
        review_views.casebook_query,
        name="casebook_query",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/verify/",
        review_views.casebook_verify,
        name="casebook_verify",
    ),
    path("studies/<str:study>/deviations/", deviation_views.deviation_list, name="deviations"),
    path("studies/<str:study>/deviations.csv", deviation_views.deviation_file, name="deviations_file"),
    path("deviations/<int:pk>/", deviation_views.deviation, name="deviation"),
    path("deviations/<int:pk>/<slug:step>/", deviation_views.deviation_step, name="deviation_step"),
    path("alerts/<int:pk>/", safety_views.acknowledge, name="safety_alert"),
    path("visits/<int:pk>/queries/", review_views.query_raise, name="query_raise"),
    path("visits/<int:pk>/verify/", review_views.verify, name="verify"),
    path("visits/<int:pk>/sign/", signing_views.sign_visit, name="sign_visit"),
    path("visits/<int:pk>/lock/", lock_views.lock_visit, name="lock_visit"),
    path("queries/<int:pk>/<slug:turn>/", review_views.query_turn, name="query_turn"),
    path("verifications/<int:pk>/withdraw/", review_views.unverify, name="unverify"),
    path("locks/<int:pk>/unlock/", lock_views.unlock_request, name="unlock_request"),
    path("unlocks/<int:pk>/", lock_views.unlock_decide, name="unlock_decide"),
    path("unlocks/<int:pk>/end/", lock_views.unlock_end, name="unlock_end"),
    path("visits/<int:pk>/infusion/", infusion_views.infusion_day, name="infusion_day"),
    path("visits/<int:pk>/infusion/check-dose/", infusion_views.infusion_check, name="infusion_check"),
    path("visits/<int:pk>/infusion/<slug:step>/", infusion_views.infusion_step, name="infusion_step"),
    path("visits/<int:pk>/ratings/<str:code>/", views.rating, name="rating"),
    path("visits/<int:pk>/ratings/<str:code>/second/", second_views.second_rating, name="second_rating"),
    path("visits/<int:pk>/ratings/<str:code>/adjudication/", second_views.adjudication, name="adjudication"),
    path("visits/<int:pk>/ratings/<str:code>/draft/", views.draft, name="draft"),
    path("visits/<int:pk>/ratings/<str:code>/draft/discard/", views.draft_discard, name="draft_discard"),
    path("visits/<int:pk>/forms/<str:form>/", entry_views.visit_form, name="visit_form"),
    path("visits/<int:pk>/forms/<str:form>/new/", entry_views.visit_form_new, name="visit_form_new"),
    path("visits/<int:pk>/forms/<str:form>/draft/", entry_views.visit_form_draft, name="visit_form_draft"),
    path(
        "studies/<str:study>/participants/<str:code>/forms/<str:form>/",
        entry_views.participant_form,
        name="participant_form",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/forms/<str:form>/new/",
        entry_views.participant_form_new,
        name="participant_form_new",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/forms/<str:form>/draft/",
        entry_views.participant_form_draft,
        name="participant_form_draft",
    ),
    path("records/<int:pk>/", entry_views.record, name="record"),
    path("studies/<str:study>/adverse-events/", event_views.event_list, name="adverse_events"),
    path("studies/<str:study>/adverse-events.csv", event_views.event_file, name="adverse_events_file"),
    path("records/<int:pk>/event.pdf", event_views.event_paper, name="event_paper"),
    path("records/<int:pk>/entry/", entry_views.record_entry, name="record_entry"),
    path("records/<int:pk>/draft/", entry_views.record_draft, name="record_draft"),
    path("records/<int:pk>/set-aside/", entry_views.record_set_aside, name="record_set_aside"),
    path("records/<int:pk>/draft/discard/", entry_views.record_draft_discard, name="record_draft_discard"),
    path(
        "visits/<int:pk>/forms/<str:form>/draft/discard/",
        entry_views.visit_form_draft_discard,
        name="visit_form_draft_discard",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/forms/<str:form>/draft/discard/",
        entry_views.participant_form_draft_discard,
        name="participant_form_draft_discard",
    ),
]
