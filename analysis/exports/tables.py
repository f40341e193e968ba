"""The tables of an export: columns with their meaning, and the query that fills them."""

from collections.abc import Iterable
from typing import Any

from analysis.exports import form_tables, outcome_table, people_tables, review_tables, visit_tables
from analysis.exports.columns import ExportTable
from analysis.exports.labels import labels_of
from analysis.outcomes.rules import outcome_rules, rules_in_force
from enrollment.domain.schedule import visits_after_dose
from trialsite.accounts.models import Site, Study


def tables(study: Study, *, unblinded: bool) -> tuple[ExportTable, ...]:
    """All tables of `study`; only with `unblinded` is there a column of treatment."""
    protocol = rules_in_force(study)
    labels = labels_of(study)
    return (
        people_tables.participants(labels, protocol.definition, unblinded),
        people_tables.criteria(study),
        people_tables.facts(labels),
        people_tables.decisions(labels),
        people_tables.treatments(labels),
        visit_tables.periods(labels),
        visit_tables.visits(labels),
        visit_tables.ratings(labels, study),
        visit_tables.second_ratings(labels),
        visit_tables.missing_items(labels),
        visit_tables.deviations(labels),
        *form_tables.form_tables(study, labels, unblinded=unblinded),
        outcome_table.outcomes(labels, outcome_rules(protocol), protocol.definition, unblinded),
        review_tables.queries(labels),
        review_tables.filed_deviations(labels),
        review_tables.signatures(labels),
        review_tables.locks(labels),
    )


def parameters(study: Study, sites: Iterable[Site]) -> dict[str, Any]:
    protocol = rules_in_force(study).definition
    after_dose = visits_after_dose(protocol.visits, protocol.endpoints.baseline_visit)
    return {"study": study.pk, "sites": [site.pk for site in sites], "after_dose": sorted(after_dose)}
