"""Every address of the product. tests/accounts/test_urls.py classifies each by the policy table."""

from django.urls import path

from analysis import views as analysis
from analysis import views_allocation as allocation
from analysis import views_closed as board
from analysis import views_outcomes as results
from analysis.trail import views as audit
from assessments import review_views as review
from assessments import signing_views as signing
from assessments import views as assessments
from assessments.safety import views as safety
from enrollment.views import calendar, eligibility, participants, schedule, today, unblinding
from trialsite.accounts import views as accounts
from trialsite.accounts import views_account as own
from trialsite.accounts import views_signin as signin
from trialsite.audit import health

urlpatterns = [
    path("", today.home, name="home"),
    path("login/", signin.login, name="login"),
    path("login/code/", signin.login_code, name="login_code"),
    path("login/again/", signin.login_again, name="login_again"),
    path("logout/", signin.logout, name="logout"),
    path("invitations/<str:uid>/<str:token>/", signin.invitation, name="invitation"),
    path("account/", own.account, name="account"),
    path("account/password/", own.password_change, name="password_change"),
    path("account/sessions/<slug:key>/end/", own.session_end, name="session_end"),
    path("account/resets/", own.reset_notice, name="reset_notice"),
    path("account/second-factor/", own.second_factor, name="second_factor"),
    path("account/second-factor/codes/", own.recovery_codes, name="recovery_codes"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("feeds/<str:token>.ics", calendar.feed, name="feed"),
    path("studies/<str:study>/", assessments.today, name="today"),
    path("studies/<str:study>/participants/", participants.participant_list, name="participants"),
    path("studies/<str:study>/participants.csv", participants.participants_file, name="participants_file"),
    path("studies/<str:study>/participants/new/", participants.participant_new, name="participant_new"),
    path("studies/<str:study>/participants/<str:code>/", participants.participant_detail, name="participant"),
    path("studies/<str:study>/participants/<str:code>/screening/", participants.screening, name="screening"),
    path(
        "studies/<str:study>/participants/<str:code>/screening/draft/",
        participants.screening_draft,
        name="screening_draft",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/screening/draft/discard/",
        participants.screening_draft_discard,
        name="screening_draft_discard",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/treatments/",
        participants.treatment_add,
        name="treatment_add",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/treatments/<int:pk>/remove/",
        participants.treatment_remove,
        name="treatment_remove",
    ),
    path(
        "studies/<str:study>/participants/<str:code>/treatments/complete/",
        participants.treatments_declare,
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
    path("studies/<str:study>/participants/<str:code>/randomise/", participants.randomise, name="randomise"),
    path("studies/<str:study>/participants/<str:code>/withdraw/", participants.withdraw, name="withdraw"),
    path("studies/<str:study>/participants/<str:code>/unblind/", unblinding.unblind, name="unblind"),
    path(
        "studies/<str:study>/participants/<str:code>/review/",
        signing.review_participant,
        name="review_participant",
    ),
    path("studies/<str:study>/participants/<str:code>/review/sign/", signing.sign_series, name="sign_series"),
    path(
        "studies/<str:study>/participants/<str:code>/lock/", signing.lock_participant, name="lock_participant"
    ),
    path("studies/<str:study>/participants/<str:code>/outcomes/", results.outcomes, name="outcomes"),
    path("studies/<str:study>/queries/", review.query_list, name="queries"),
    path("studies/<str:study>/queries.csv", review.query_file, name="queries_file"),
    path("studies/<str:study>/review.csv", review.review_file, name="review_file"),
    path("studies/<str:study>/review/", review.review_list, name="review"),
    path("studies/<str:study>/review/ask/", review.review_ask, name="review_ask"),
    path("studies/<str:study>/lock/", signing.lock_study, name="lock_study"),
    path("studies/<str:study>/calendar/", calendar.calendar, name="calendar"),
    path("studies/<str:study>/calendar.csv", calendar.calendar_file, name="calendar_file"),
    path("studies/<str:study>/calendar/feed/", calendar.feed_make, name="feed_make"),
    path("studies/<str:study>/dashboard/", analysis.dashboard, name="dashboard"),
    path(
        "studies/<str:study>/dashboard/<slug:chart>.<str:kind>",
        analysis.chart_download,
        name="chart_download",
    ),
    path("studies/<str:study>/closed/", board.closed, name="closed"),
    path("studies/<str:study>/closed/<slug:chart>.<str:kind>", board.closed_chart, name="closed_chart"),
    path("studies/<str:study>/closed/resume/", board.resume, name="resume"),
    path("studies/<str:study>/closed/looks/<int:number>/", board.look, name="look"),
    path("studies/<str:study>/closed/looks/<int:number>/take/", board.look_request, name="look_request"),
    path("studies/<str:study>/closed/looks/<int:number>/decision/", board.look_decide, name="look_decide"),
    path("studies/<str:study>/closed/looks/<int:number>/report.pdf", board.look_pdf, name="look_pdf"),
    path("studies/<str:study>/closed/looks/<int:number>/cut.json", board.look_cut, name="look_cut"),
    path(
        "studies/<str:study>/closed/looks/<int:number>/charts/<slug:chart>.<str:kind>",
        board.look_chart,
        name="look_chart",
    ),
    path("studies/<str:study>/allocation/", allocation.allocation, name="allocation"),
    path(
        "studies/<str:study>/allocation/<str:site>/", allocation.allocation_request, name="allocation_request"
    ),
    path("studies/<str:study>/audit/", audit.audit, name="audit"),
    path("studies/<str:study>/audit/file/", audit.audit_file, name="audit_file"),
    path("studies/<str:study>/audit/review/", audit.audit_review, name="audit_review"),
    path(
        "studies/<str:study>/audit/<str:chain>/<int:first>-<int:last>/",
        audit.audit_entries,
        name="audit_entries",
    ),
    path("studies/<str:study>/outcome-rules/", results.outcome_rules, name="outcome_rules"),
    path("studies/<str:study>/export/", analysis.export, name="export"),
    path("studies/<str:study>/people/", accounts.people, name="people"),
    path("studies/<str:study>/people.csv", accounts.people_file, name="people_file"),
    path("studies/<str:study>/people/new/", accounts.person_new, name="person_new"),
    path("studies/<str:study>/people/<int:pk>/", accounts.person, name="person"),
    path(
        "studies/<str:study>/people/<int:pk>/change/<slug:act>/", accounts.person_change, name="person_change"
    ),
    path("studies/<str:study>/people/resets/<int:pk>/", accounts.reset_decide, name="reset_decide"),
    path("studies/<str:study>/people/<int:pk>/roles/", accounts.role_grant, name="role_grant"),
    path("studies/<str:study>/people/roles/<int:pk>/end/", accounts.role_end, name="role_end"),
    path("periods/<int:pk>/plan/", schedule.plan, name="plan"),
    path("periods/<int:pk>/infusion/", schedule.dosing, name="dosing"),
    path("visits/<int:pk>/", assessments.visit, name="visit"),
    path(
        "studies/<str:study>/participants/<str:code>/queries/", review.casebook_query, name="casebook_query"
    ),
    path(
        "studies/<str:study>/participants/<str:code>/verify/", review.casebook_verify, name="casebook_verify"
    ),
    path("alerts/<int:pk>/", safety.acknowledge, name="safety_alert"),
    path("visits/<int:pk>/queries/", review.query_raise, name="query_raise"),
    path("visits/<int:pk>/verify/", review.verify, name="verify"),
    path("visits/<int:pk>/sign/", signing.sign_visit, name="sign_visit"),
    path("visits/<int:pk>/lock/", signing.lock_visit, name="lock_visit"),
    path("queries/<int:pk>/<slug:turn>/", review.query_turn, name="query_turn"),
    path("verifications/<int:pk>/withdraw/", review.unverify, name="unverify"),
    path("locks/<int:pk>/unlock/", signing.unlock_request, name="unlock_request"),
    path("unlocks/<int:pk>/", signing.unlock_decide, name="unlock_decide"),
    path("unlocks/<int:pk>/end/", signing.unlock_end, name="unlock_end"),
    path("visits/<int:pk>/missed/", schedule.visit_missed, name="visit_missed"),
    path("visits/<int:pk>/ratings/<str:code>/", assessments.rating, name="rating"),
    path("visits/<int:pk>/ratings/<str:code>/draft/", assessments.draft, name="draft"),
    path(
        "visits/<int:pk>/ratings/<str:code>/draft/discard/", assessments.draft_discard, name="draft_discard"
    ),
]

handler400 = "trialsite.accounts.errors.bad_request"
handler403 = "trialsite.accounts.errors.forbidden"
handler404 = "trialsite.accounts.errors.not_found"
handler500 = "trialsite.accounts.errors.server_error"
