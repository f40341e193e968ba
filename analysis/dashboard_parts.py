"""Parts of the study on the blinded dashboard: response patterns, data quality, sites.

A part is shown only when analysis.domain.disclosure lets it be: at least five people, and no smaller group left
when what is shown is taken from the total.
"""

from collections import Counter
from typing import Any

from django.utils.translation import gettext as _

from analysis.blinded.proportion import proportion
from analysis.domain.disclosure import MINIMUM, withheld
from analysis.domain.patterns import NONE, patterns
from analysis.explain_words import pattern_label
from enrollment.domain.protocol import WashoutRule

LISTED_PERIODS = 3


def pattern_rows(figures: dict[str, Any]) -> dict[str, Any]:
    """Completers by response pattern. By period only; withheld while there are fewer than five completers."""
    numbers = [period["number"] for period in figures["periods"]]
    counted = dict(figures["patterns"])
    known = (
        patterns(numbers) if 0 < len(numbers) <= LISTED_PERIODS else [*sorted(set(counted) - {NONE}), NONE]
    )
    n = sum(counted.values())
    return {
        "n": n,
        "shown": n >= MINIMUM,
        "minimum": MINIMUM,
        "rows": [
            {"pattern": one, "label": pattern_label(one, len(numbers)), "count": counted.get(one, 0)}
            for one in known
        ],
    }


def quality_rows(figures: dict[str, Any], rule: WashoutRule | None) -> list[dict[str, Any]]:
    """What needs looking after: how many, of how many, and of what."""
    ratings = {
        name: sum(site[name] for site in figures["ratings"])
        for name in ("ratings", "items_missing", "not_done", "unrated")
    }
    states: Counter[str] = Counter()
    for _visit, _site, state, n in figures["timeliness"]:
        states[state] += n
    due = sum(states.values()) - states["open"]
    visits = _("visits due")
    took_place, unsigned = (sum(row[place] for row in figures["signatures"]) for place in (1, 2))
    rows = [
        (_("Ratings with items missing"), ratings["items_missing"], ratings["ratings"], _("ratings")),
        (_("Ratings recorded as not done"), ratings["not_done"], ratings["ratings"], _("ratings")),
        (
            _("Visits that took place without a rating"),
            ratings["unrated"],
            took_place,
            _("visits that took place"),
        ),
        (_("Visits missed"), states["missed"], due, visits),
        (_("Visits overdue"), states["overdue"], due, visits),
        (_("Visits outside their window"), states["early"] + states["late"], due, visits),
        (_("Visits without a valid signature"), unsigned, took_place, _("visits that took place")),
    ]
    if rule:
        total = sum(n for _days, n in figures["washouts"])
        outside = sum(n for days, n in figures["washouts"] if not rule.min_days <= days <= rule.max_days)
        rows.append((_("Washouts outside %(low)d to %(high)d days") % {"low": rule.min_days, "high": rule.max_days},
                     outside, total, _("washouts that ended")))  # fmt: skip
    open_queries: Counter[str] = Counter()
    for _site, status, n in figures["queries"]:
        open_queries[status] += n
    asked = sum(open_queries.values())
    rows.append((_("Queries waiting for an answer"), open_queries["open"], asked, _("queries not closed")))
    return [{"name": name, "count": count, "n": n, "of": of} for name, count, n, of in rows]


def site_rows(figures: dict[str, Any], mine: set[str]) -> list[dict[str, Any]]:
    """The sites of `mine`, then all sites. Response at a site only when the site may be shown apart."""
    hidden = withheld({site["site"]: site["people"] for site in figures["sites"]})
    rows = [
        {**_site(figures, {site["site"]}), "name": site["site"], "hidden": site["site"] in hidden}
        for site in figures["sites"]
        if site["site"] in mine
    ]
    everywhere = {site["site"] for site in figures["sites"]}
    return [*rows, {**_site(figures, everywhere), "name": _("All sites"), "hidden": False, "total": True}]


def _site(figures: dict[str, Any], codes: set[str]) -> dict[str, Any]:
    """The figures of these sites together."""
    people: Counter[str] = Counter()
    for site in figures["sites"]:
        if site["site"] in codes:
            people.update({name: value for name, value in site.items() if name != "site"})
    states: Counter[str] = Counter()
    for _visit, site, state, n in figures["timeliness"]:
        states[state] += n if site in codes else 0
    return {
        **{name: people[name] for name in ("screened", "randomised", "completers", "withdrawn")},
        "in_window": states["in_window"],
        "due": sum(states.values()) - states["open"],
        "items_missing": sum(row["items_missing"] for row in figures["ratings"] if row["site"] in codes),
        "ratings": sum(row["ratings"] for row in figures["ratings"] if row["site"] in codes),
        "queries": sum(n for site, _status, n in figures["queries"] if site in codes),
        "unsigned": sum(n for site, _all, n in figures["signatures"] if site in codes),
        "response": proportion(people["responders"], people["evaluable"]),
    }
