"""Is the process alive, and is it fit to serve? Two questions, two addresses."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from trialsite.audit.readiness import problems


@login_not_required
@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", "text/plain")


@login_not_required
@require_GET
def readyz(request: HttpRequest) -> HttpResponse:
    """503 with what is wrong: never as owner or superuser, every audit trigger on, commits durable."""
    try:
        reasons = problems(connection)
    except DatabaseError:
        reasons = ["the database does not answer"]
    return JsonResponse({"ready": not reasons, "problems": reasons}, status=503 if reasons else 200)
