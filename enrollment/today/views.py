"""The way in: from the address alone to the user's study."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from trialsite.accounts.http import Request
from trialsite.accounts.models import Membership, Study


@require_GET
def home(request: Request) -> HttpResponse:
    """Straight to the only study, else a choice."""
    grants = Membership.objects.current().filter(user=request.user)
    studies = list(Study.objects.filter(pk__in=grants.values("study")).order_by("code"))
    if len(studies) == 1:
        return redirect("today", studies[0].code)
    return render(request, "enrollment/today/home.html", {"choices": studies})
