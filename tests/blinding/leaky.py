"""A product that leaks, so that the swap test can show that it would see it. Only this folder's tests serve it."""

import psycopg2
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from trialsite.stack import testing
from trialsite.urls import handler403, handler404, handler500
from trialsite.urls import urlpatterns as own

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]


def _by_arm() -> list[tuple[str, str]]:
    with psycopg2.connect(testing.url("setup", str(connection.settings_dict["NAME"]))) as opened:
        cursor = opened.cursor()
        cursor.execute(
            "select p.code, k.arm from enrollment_participant p join closed.slot s on s.participant_id = p.id"
            " join closed.kit k on k.slot_id = s.id and k.period = 1 order by k.arm, p.code"
        )
        found: list[tuple[str, str]] = cursor.fetchall()
    opened.close()
    return found


def ordered(request: HttpRequest) -> HttpResponse:
    """Every code is shown to everybody; the order tells."""
    return HttpResponse("\n".join(code for code, _arm in _by_arm()), "text/plain")


def sized(request: HttpRequest) -> HttpResponse:
    """Nothing is shown but how long the answer is."""
    return HttpResponse("." * (_by_arm()[0][0] == "01-001"), "text/plain")


def told(request: HttpRequest) -> HttpResponse:
    return HttpResponse("\n".join(f"{code} {arm}" for code, arm in _by_arm()), "text/plain")


urlpatterns = [
    *own,
    path("leak/ordered/", ordered, name="leak_ordered"),
    path("leak/sized/", sized, name="leak_sized"),
    path("leak/told/", told, name="leak_told"),
]
