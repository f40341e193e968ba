"""Every address of the product: each app has its own in its urls.py. tests/access/test_urls.py asks the policy
table about each."""

from django.urls import include, path

urlpatterns = [
    path("", include("enrollment.urls")),
    path("", include("assessments.urls")),
    path("", include("analysis.urls")),
    path("", include("trialsite.accounts.urls")),
    path("", include("trialsite.audit.urls")),
]

handler400 = "trialsite.accounts.errors.bad_request"
handler403 = "trialsite.accounts.errors.forbidden"
handler404 = "trialsite.accounts.errors.not_found"
handler500 = "trialsite.accounts.errors.server_error"
