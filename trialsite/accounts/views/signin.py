"""Signing in (password, then the second factor of whoever has one), signing out, and the one-time link."""

import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as sign_in
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render, resolve_url
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from trialsite.accounts import services
from trialsite.accounts.access import Kind, count_failure, failed, forget_failures, is_open, record
from trialsite.accounts.forms import CodeForm, PasswordForm
from trialsite.accounts.lockout import remember_device, user_named
from trialsite.accounts.models import AccessReset, User
from trialsite.accounts.secondfactor import authenticator_of, passes
from trialsite.accounts.stepup import wrong_code

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
# Between the password and the code nobody is signed in; after so many seconds the password is asked again.
PATIENCE = 300


class SignIn(LoginView):
    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user: User = form.get_user()
        if authenticator_of(user):
            _await_code(self.request, user, self.get_redirect_url())
            return redirect("login_code")
        forget_failures(self.request, user)
        answer = super().form_valid(form)
        _is_in(self.request, user)
        remember_device(self.request, answer, user)
        return answer

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        if form.data.get("username") and form.data.get("password"):
            failed(self.request, Kind.FAILED, user_named(form.data["username"]))
        return super().form_invalid(form)


class SignOut(LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            record(Kind.SIGNED_OUT, request.user)
        return super().post(request, *args, **kwargs)


login = require_http_methods(["GET", "HEAD", "POST"])(SignIn.as_view())
logout = SignOut.as_view()


@login_not_required
@require_http_methods(["GET", "POST"])
def login_code(request: HttpRequest) -> HttpResponse:
    """The second step: the code of the app, or a recovery code."""
    if request.user.is_authenticated:
        return redirect("home")
    user = _pending(request)
    if user is None:
        request.session.pop("pending", None)
        return redirect("login")
    form = CodeForm(request.POST or None)
    if _is_right(request, user, form):
        answer = redirect(_let_in(request, user) or resolve_url(settings.LOGIN_REDIRECT_URL))
        remember_device(request, answer, user)
        return answer
    return render(request, "accounts/login_code.html", {"form": form})


@login_not_required
@require_http_methods(["GET", "POST"])
def login_again(request: HttpRequest) -> HttpResponse:
    """Signing in from a page that must not be left, in JSON for static/scripts/guard.js: the password, then the code of
    whoever has a second factor.

    Answers {"ask": "code"}, (422) {"ask": step to take, "said": why}, or who is signed in now, as a number or null,
    with a token for the page's next requests: {"person": …, "csrf": …}.
    """
    if request.method == "GET":
        return _who(request)
    return _code_again(request) if "code" in request.POST else _password_again(request)


def _who(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"person": request.user.pk, "csrf": get_token(request)})


def _password_again(request: HttpRequest) -> HttpResponse:
    form = AuthenticationForm(request, request.POST)
    if not form.is_valid():
        if form.data.get("username") and form.data.get("password"):
            failed(request, Kind.FAILED, user_named(form.data["username"]))
        return _step("password", _("The password is incorrect."))
    user: User = form.get_user()
    if authenticator_of(user):
        _await_code(request, user, "")
        return _step("code")
    forget_failures(request, user)
    sign_in(request, user)
    _is_in(request, user)
    answer = _who(request)
    remember_device(request, answer, user)
    return answer


def _code_again(request: HttpRequest) -> HttpResponse:
    user = _pending(request)
    if user is None:
        return _step("password", _("Your sign-in timed out. Enter your password again."))
    if not _is_right(request, user, CodeForm(request.POST)):
        return _step("code", wrong_code(user))
    _let_in(request, user)
    answer = _who(request)
    remember_device(request, answer, user)
    return answer


def _is_right(request: HttpRequest, user: User, form: CodeForm) -> bool:
    """Whether the code passes; a wrong one is counted, and said by the field."""
    if not (form.is_valid() and is_open(request, user)):
        return False
    if passes(user, form.cleaned_data["code"]):
        return True
    count_failure(request, user)
    failed(request, Kind.FAILED, user, "second factor")
    form.add_error("code", wrong_code(user))
    return False


def _step(ask: str, message: str = "") -> HttpResponse:
    return JsonResponse({"ask": ask, "said": message}, status=422 if message else 200)


def _await_code(request: HttpRequest, user: User, onward: str) -> None:
    """The password was right: the code is awaited, and nobody is signed in yet."""
    request.session.cycle_key()
    request.session["pending"] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": time.time(),
        "next": onward,
    }


def _pending(request: HttpRequest) -> User | None:
    """Who gave the right password just now, if it still is right."""
    pending = request.session.get("pending")
    if not pending or time.time() - pending["at"] > PATIENCE:
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True, is_system=False).first()
    same = user and constant_time_compare(user.get_session_auth_hash(), pending["hash"])
    return user if same else None


def _let_in(request: HttpRequest, user: User) -> str:
    """Signed in with both factors; returns the address that was asked for before."""
    onward = str(request.session.pop("pending")["next"])
    forget_failures(request, user)
    sign_in(request, user, backend=MODEL_BACKEND)
    request.session["second_factor"] = True
    _is_in(request, user, "second factor")
    return onward


def _is_in(request: HttpRequest, user: User, about: str = "") -> None:
    """Signed in: it stands in the trail, and what was done about their access is told first."""
    record(Kind.SIGNED_IN, user, about=about)
    request.session["untold"] = AccessReset.objects.untold(user).exists()


@login_not_required
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Where an invited person chooses a password. A used or expired link says so."""
    user = services.invited(uid, token)
    form = PasswordForm(request.POST or None)
    if user and form.is_valid():
        try:
            services.accept_invitation(user, form.cleaned_data["password"])
        except ValidationError as error:
            form.add_error("password", error)
        else:
            messages.success(request, _("Your password has been set. Sign in with it."))
            return redirect("login")
    return render(
        request, "accounts/invitation.html", {"person": user, "form": form}, status=200 if user else 410
    )
