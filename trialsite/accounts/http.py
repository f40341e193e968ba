"""A request whose user is known to be one of ours (behind the login wall it always is), and who is let in."""

from contextvars import ContextVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from trialsite.accounts.models import Site, Study, User
from trialsite.accounts.policy import may

# The study of the record that this request was admitted to, for the frame of its page.
current_study: ContextVar[Study | None] = ContextVar("current_study", default=None)


class Request(HttpRequest):
    user: User
    htmx: HtmxDetails


def require_access(user: User, action: str, study: Study, site: Site | None) -> None:
    """Http404 for a stranger to the place, PermissionDenied for too small a role. `site` None: study-wide."""
    if may(user, action, study, site):
        current_study.set(study)
        if site is not None:
            # One clock on a page: that of the place where the record was made.
            timezone.activate(site.timezone)
        return
    here = Site.objects.for_user(user, study)
    if not (here.exists() if site is None else here.filter(pk=site.pk).exists()):
        raise Http404
    raise PermissionDenied(action)
