"""The policy: which role may do what. Read it as a table; everything not marked is refused.

Columns: C coordinator, I investigator, M monitor, D data manager, P unblinded pharmacist,
S unblinded statistician, F safety physician, A auditor, R administrator.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from trialsite.accounts.models import Membership, Role, Site, Study, User

COLUMNS: dict[str, Role] = dict(
    zip(
        "CIMDPSFAR",
        [
            Role.COORDINATOR,
            Role.INVESTIGATOR,
            Role.MONITOR,
            Role.DATA_MANAGER,
            Role.PHARMACIST,
            Role.STATISTICIAN,
            Role.SAFETY,
            Role.AUDITOR,
            Role.ADMINISTRATOR,
        ],
        strict=True,
    )
)

#                             C I M D P S F A R
TABLE = """
study.view                    C I M D P S F A R
home.view                     C I M D P S F A R
participant.view              C I M D . . F A .
participant.screen            C I . . . . . . .
consent.view                  C I M D . . F A R
consent.manage                . . . D . . . . R
eligibility.confirm           . I . . . . . . .
participant.withdraw          . I . . . . . . .
participant.randomise         C I . . . . . . .
participant.unblind           . I . . . . F . .
schedule.plan                 C I . . . . . . .
washout.override              . I . . . . . . .
calendar.view                 C I M D . . F A .
assessment.view               C I M D . . F A .
assessment.enter              C I . . . . . . .
rating.adjudicate             . I . . . . . . .
query.view                    C I M D . . F A .
query.raise                   . . M D . . F . .
query.answer                  C I . . . . . . .
query.close                   . . M D . . F . .
query.close_any               . . . D . . . . .
wording.load                  C I . D . . . . .
safety.acknowledge            . I . . . . F . .
deviation.view                C I M D . . F A .
deviation.review              C I . . . . . . .
deviation.close               . I M D . . . . .
record.verify                 . . M . . . . . .
record.sign                   . I . . . . . . .
record.lock                   . . . D . . . . .
study.lock                    . . . D . . . . .
unlock.request                C I . D . . . . .
unlock.decide                 . I . D . . . . .
study.unlock                  . I . D . . . . .
audit.view                    . . M D . . . A .
audit.review                  . . M D . . . A .
quality.view                  . . M D . . . . .
dashboard.view                C I M D . S F A .
closed.view                   . . . . . S . . .
look.take                     . . . . . S . . .
look.decide                   . . . . . S . . .
enrollment.pause              . . . . . S . . .
allocation.generate           . . . . P . . . .
allocation.view               . . . . P S . . .
supply.view                   C I M D P . F A .
supply.send                   . . . . P . . . .
supply.record                 C I . . P . . . .
wrong_kit.view                C I M D P . F A .
wrong_kit.close               . I . . . . F . .
outcomes.adopt                . . . D . . . . R
data.import                   . . . D . . . . .
export.blinded                . . . D . S . . R
export.unblinded              . . . . . S . . .
people.manage                 . . . . . . . . R
"""

# What concerns the study as a whole asks for the role at all its sites: a role at one site is not enough.
WHOLE_STUDY = frozenset(
    {
        "consent.manage",
        "study.lock",
        "study.unlock",
        "closed.view",
        "look.take",
        "look.decide",
        "enrollment.pause",
        "outcomes.adopt",
        "data.import",
        "people.manage",
    }
)

# Who may do one of these needs a second factor: sign, export, administer, or learn who got what.
STRONG = frozenset(
    {
        "record.sign",
        "export.blinded",
        "export.unblinded",
        "people.manage",
        "participant.unblind",
        "allocation.view",
        "closed.view",
    }
)

# Using the access of somebody who may do one of these takes two people: their password and second factor are reset by
# one administrator on the request of another. So are administrators', who could otherwise make themselves the second.
TAKES_TWO = frozenset(
    {"record.sign", "participant.unblind", "look.decide", "export.unblinded", "people.manage"}
)


def _parse(table: str) -> dict[str, frozenset[Role]]:
    rows = (line.split() for line in table.strip().splitlines())
    return {action: frozenset(COLUMNS[mark] for mark in marks if mark != ".") for action, *marks in rows}


POLICY = _parse(TABLE)
TWO_ROLES: frozenset[Role] = frozenset().union(*(POLICY[action] for action in TAKES_TWO))
# (user, study) → (role, site or None: all of them) of each grant held now.
_Grants = Sequence[tuple[Role, int | None]]
_cached: ContextVar[dict[tuple[int, int], _Grants] | None] = ContextVar("cached", default=None)


def _grants(user: User, study: Study) -> _Grants:
    cached = _cached.get()
    if cached is not None and (user.pk, study.pk) in cached:
        return cached[user.pk, study.pk]
    held = Membership.objects.current().filter(user=user, study=study).values_list("role", "site_id")
    grants = [(Role(role), site) for role, site in held]
    if cached is not None:
        cached[user.pk, study.pk] = grants
    return grants


def roles_for(
    user: User, study: Study, site: Site | None = None, *, everywhere: bool = False
) -> frozenset[Role]:
    """Roles held now: those at all sites, and unless only those count (`everywhere`) those at `site` (any when None)."""
    return frozenset(
        role
        for role, where in _grants(user, study)
        if where is None or (not everywhere and (site is None or where == site.pk))
    )


@contextmanager
def one_request() -> Iterator[None]:
    """Within one request the database is asked once for the roles of one person in one study."""
    token = _cached.set({})
    try:
        yield
    finally:
        _cached.reset(token)


def may(user: User, action: str, study: Study, site: Site | None = None) -> bool:
    return bool(_roles_by_which(user, action, study, site))


def authorise(user: User, action: str, study: Study, site: Site | None = None) -> frozenset[Role]:
    """The roles by which `user` may do `action` there; PermissionDenied when there are none.

    The system user (imports, recompute) acts without a role: it cannot log in.
    """
    roles = _roles_by_which(user, action, study, site)
    if not roles and not user.is_system:
        raise PermissionDenied(action)
    return roles


def _roles_by_which(user: User, action: str, study: Study, site: Site | None) -> frozenset[Role]:
    return POLICY[action] & roles_for(user, study, site, everywhere=action in WHOLE_STUDY)


def sites_where(user: User, action: str, study: Study) -> QuerySet[Site]:
    """The sites of `study` where `user` may do `action`.

    For a filter of what lies at them pass `list(...)`, not the query: the planner knows how much is at this site and at
    that, and for a query it reckons with a site like the average of the installation.
    """
    where = {site for role, site in _grants(user, study) if role in POLICY[action]}
    some = [site for site in where if site is not None]
    return study.sites.all() if None in where else study.sites.filter(pk__in=some)
