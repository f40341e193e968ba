"""Pages for what went wrong: in words, without a traceback."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

RETRY_AFTER = 5


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Without the request's context: the request itself may be what nobody should read."""
    return HttpResponse(render_to_string("errors/400.html"), status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/403.html", {"frame": _frame(request)}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/404.html", {"frame": _frame(request)}, status=404)


def _frame(request: HttpRequest) -> str:
    """Whoever is signed in keeps the way to everywhere else."""
    user = getattr(request, "user", None)
    return "base.html" if user is not None and user.is_authenticated else "plain.html"


def server_error(request: HttpRequest) -> HttpResponse:
    """Without the request's context: the database may be what failed, and that it passes is said then."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        away = render_to_string("errors/503.html")
        return HttpResponse(away, status=503, headers={"Retry-After": str(RETRY_AFTER)})
    return HttpResponse(render_to_string("errors/500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/403_csrf.html", status=403)
