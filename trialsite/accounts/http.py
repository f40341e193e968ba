"""A request whose user is known to be one of ours: behind the login wall it always is."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from trialsite.accounts.models import User


class Request(HttpRequest):
    user: User
    htmx: HtmxDetails
