"""One's own account: roles, sessions, password, second factor."""

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from segno import make as qr_code

from trialsite.accounts import secondfactor, services
from trialsite.accounts.forms import ConfirmForm, NewPasswordForm, SecondFactorForm
from trialsite.accounts.http import Request
from trialsite.accounts.models import AccessReset, Session
from trialsite.accounts.secondfactor import authenticator_of
from trialsite.accounts.sessions import digest
from trialsite.accounts.stepup import confirm


@require_GET
def account(request: Request) -> HttpResponse:
    user = request.user
    context = {
        "grants": user.memberships.select_related("study", "site", "granted_by").order_by(
            "study", "-starts_at"
        ),
        "sessions": Session.objects.of(user).live().order_by("-seen_at"),
        "here": _here(request),
        "authenticator": authenticator_of(user),
        "codes_left": secondfactor.codes_left(user),
        "must_have": secondfactor.must_have(user),
        "resets": user.resets.filter(granted=True).select_related("requested_by", "decided_by")[:5],
    }
    return render(request, "accounts/account.html", context)


@require_http_methods(["GET", "POST"])
def reset_notice(request: Request) -> HttpResponse:
    """At the sign-in after a reset: who asked for it, who granted it, and why."""
    if request.method == "POST":
        services.acknowledge_resets(by=request.user)
        request.session["untold"] = False
        return redirect(request.session.pop("onward", "home"))
    resets = AccessReset.objects.untold(request.user).select_related("requested_by", "decided_by")
    return render(request, "accounts/reset_notice.html", {"resets": resets})


@require_http_methods(["GET", "POST"])
def password_change(request: Request) -> HttpResponse:
    """The old one, the new one twice; all other sessions end."""
    form = NewPasswordForm(request.POST or None)
    if form.is_valid() and not _refused(request, form, form.cleaned_data["current"]):
        try:
            services.change_password(form.cleaned_data["password"], by=request.user, keep=_here(request))
        except ValidationError as error:
            form.add_error("password", error)
        else:
            update_session_auth_hash(request, request.user)
            messages.success(request, _("Your password has been changed; your other sessions have ended."))
            return redirect("account")
    return render(request, "accounts/password_change.html", {"form": form})


@require_POST
def session_end(request: Request, key: str) -> HttpResponse:
    """End one of one's own other sessions, or ("others") all of them."""
    others = Session.objects.of(request.user).exclude(session_key=_here(request))
    if key != "others":
        others = others.filter(session_key__startswith=key)
        if len(key) < 16 or not others.exists():
            raise Http404
    services.end_sessions(request.user, others, by=request.user)
    messages.success(request, _("Session ended. Signing in again is required there."))
    return redirect("account")


@require_http_methods(["GET", "POST"])
def second_factor(request: Request) -> HttpResponse:
    """Set up an authenticator app, or another one in its place. Until it is confirmed, the secret lies sealed in
    the session."""
    user = request.user
    secret = _being_set_up(request)
    replaced = authenticator_of(user)
    form = SecondFactorForm(request.POST or None, replaces=replaced is not None)
    if form.is_valid() and not _refused(request, form, form.cleaned_data["current"]):
        codes = secondfactor.set_up(secret, form.cleaned_data["new_code"], by=user)
        if codes is not None:
            return _is_set_up(request, codes)
        form.add_error(
            "new_code", _("The code does not match the new app. Wait for the next code and enter that.")
        )
    drawing = qr_code(secondfactor.address(user, secret), error="m", micro=False)
    context = {
        "form": form,
        "replaced": replaced,
        "must_have": secondfactor.must_have(user),
        "secret": secondfactor.as_text(secret),
        "qr": drawing.svg_data_uri(scale=5, light="#fff"),
    }
    return render(request, "accounts/second_factor.html", context)


@require_http_methods(["GET", "POST"])
def recovery_codes(request: Request) -> HttpResponse:
    """New recovery codes in place of the old ones."""
    if authenticator_of(request.user) is None:
        return redirect("second_factor")
    form = ConfirmForm(request.POST or None)
    if form.is_valid() and not _refused(request, form, form.cleaned_data["current"]):
        codes = secondfactor.renew_codes(by=request.user)
        return render(request, "accounts/recovery_codes.html", {"codes": codes})
    return render(request, "accounts/recovery_codes_new.html", {"form": form})


def _being_set_up(request: Request) -> bytes:
    """A secret that waits for its first code: the same at every look, while a key of ours opens it."""
    sealed = request.session.get("setting_up")
    secret = secondfactor.unseal(request.user, sealed) if sealed else None
    if secret is None:
        secret = secondfactor.new_secret()
        request.session["setting_up"] = secondfactor.seal(request.user, secret)
    return secret


def _is_set_up(request: Request, codes: list[str]) -> HttpResponse:
    """Other sessions, begun without it, end; the codes are shown this once."""
    services.end_sessions(
        request.user, Session.objects.of(request.user).exclude(session_key=_here(request)), by=request.user
    )
    del request.session["setting_up"]
    request.session["second_factor"] = True
    return render(request, "accounts/recovery_codes.html", {"codes": codes})


def _refused(request: Request, form: forms.Form, password: str) -> bool:
    """Whether the person did not prove to be themselves; the form then says so."""
    code = form.cleaned_data.get("code") if "code" in form.fields else None
    refused = confirm(request, password, code)
    if refused:
        form.add_error("current" if refused.field == "password" else "code", refused)
    return refused is not None


def _here(request: Request) -> str:
    """The key by which the table knows the session of this request."""
    return digest(request.session.session_key or "")
