"""Addresses of accounts: signing in, one's own account, people and roles."""

from django.urls import path

from trialsite.accounts.views import account as views_account
from trialsite.accounts.views import people as views
from trialsite.accounts.views import signin as views_signin

urlpatterns = [
    path("login/", views_signin.login, name="login"),
    path("login/code/", views_signin.login_code, name="login_code"),
    path("login/again/", views_signin.login_again, name="login_again"),
    path("logout/", views_signin.logout, name="logout"),
    path("invitations/<str:uid>/<str:token>/", views_signin.invitation, name="invitation"),
    path("account/", views_account.account, name="account"),
    path("account/password/", views_account.password_change, name="password_change"),
    path("account/sessions/<slug:key>/end/", views_account.session_end, name="session_end"),
    path("account/resets/", views_account.reset_notice, name="reset_notice"),
    path("account/second-factor/", views_account.second_factor, name="second_factor"),
    path("account/second-factor/codes/", views_account.recovery_codes, name="recovery_codes"),
    path("studies/<str:study>/people/", views.people, name="people"),
    path("studies/<str:study>/people.csv", views.people_file, name="people_file"),
    path("studies/<str:study>/people/new/", views.person_new, name="person_new"),
    path("studies/<str:study>/people/<int:pk>/", views.person, name="person"),
    path("studies/<str:study>/people/<int:pk>/change/<slug:act>/", views.person_change, name="person_change"),
    path("studies/<str:study>/people/resets/<int:pk>/", views.reset_decide, name="reset_decide"),
    path("studies/<str:study>/people/<int:pk>/roles/", views.role_grant, name="role_grant"),
    path("studies/<str:study>/people/roles/<int:pk>/end/", views.role_end, name="role_end"),
]
