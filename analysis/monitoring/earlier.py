"""Figures and rows of looks that earlier versions froze, as this one has them. A look is frozen for good: whoever changes
a shape of figures.py or interim_data.py says here what was stored before is in the new one. Unblinded.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from analysis.domain.flow import PeriodState
from analysis.domain.response import VisitOutcome
from analysis.interim_data import InterimData
from analysis.monitoring import flow
from analysis.monitoring.figures import MonitoringFigures, ReportFigures
from enrollment.protocol.model import Protocol
from trialsite.lib import codec

Stored = Mapping[str, Any]
# Key → its name in cuts and results that were frozen before version 0.2.
EARLIER = {"exploratory_endpoints": "beside"}
NOTHING_SEEN = dict.fromkeys(field.name for field in fields(VisitOutcome))


def report_figures(protocol: Protocol, stored: Stored, cut: str) -> ReportFigures:
    """The figures of a frozen look from its stored results; what they lack is counted from its `cut`."""
    if "shape" in stored:
        return codec.decode(ReportFigures, stored)
    return codec.decode(
        ReportFigures,
        {
            **stored,
            "flow": _flow(protocol, stored["flow"], cut),
            "arms": [_arm(arm) for arm in stored["arms"]],
            "among_responders": [_group(group) for group in stored["among_responders"]],
            "monitoring": _monitoring(stored["monitoring"]),
            "exploratory_endpoints": [
                _exploratory(endpoint) for endpoint in _kept(stored, "exploratory_endpoints") or []
            ],
            "secondary": _secondary(stored["secondary"]),
        },
    )


def monitoring_figures(stored: Stored | None) -> MonitoringFigures | None:
    """The same of the part on monitoring alone; None where the protocol has no stopping rule."""
    if stored is None or "plan" in stored:
        return codec.decode(MonitoringFigures, stored)
    return codec.decode(MonitoringFigures, _monitoring(stored))


def cut_data(cut: str) -> InterimData:
    """The rows of a frozen cut. Those of the first versions lack states of periods, which are told by what else they hold,
    and have the states of everybody instead of who was not randomised."""
    stored = json.loads(cut)["data"]
    participants = [
        {**participant, "periods": [_period(period) for period in participant["periods"]]}
        for participant in stored["participants"]
    ]
    outside = stored["not_randomised"] if "not_randomised" in stored else _not_randomised(stored)
    return codec.decode(
        InterimData,
        {"screened_again": 0, **stored, "participants": participants, "not_randomised": outside},
    )


def _period(stored: Stored) -> Stored:
    visits = {code: {**NOTHING_SEEN, **values} for code, values in stored["visits"].items()}
    return {
        "state": _state(stored),
        **stored,
        "visits": visits,
        "exploratory_endpoints": _kept(stored, "exploratory_endpoints") or {},
    }


def _state(stored: Stored) -> PeriodState:
    if stored["evaluable"]:
        return "evaluable"
    if not stored["dosed_on"]:
        return "not_dosed"
    return "no_primary" if stored["baseline"] else "no_baseline"


def _not_randomised(stored: Stored) -> list[tuple[str, list[str], int]]:
    """Without the criteria. The states are of everybody, those of people who were randomised among them."""
    randomised: Counter[str] = Counter(participant["status"] for participant in stored["participants"])
    states: Counter[str] = Counter[str](stored["status"]) - randomised
    return [(status, [], n) for status, n in sorted(states.items())]


def _kept(stored: Stored, key: str) -> Any:
    """What was stored under `key`, also when that had another name then; None when nothing was."""
    return stored.get(key, stored.get(EARLIER.get(key, key)))


def _flow(protocol: Protocol, stored: Stored, cut: str) -> Stored:
    if "enrolment" in stored:
        return {"screened_again": 0, **stored}
    counted: Stored = codec.encode(flow.figures(protocol, cut_data(cut)))
    return counted


def _arm(stored: Stored) -> Stored:
    return {**stored, "participants": stored.get("people", stored["n"]), "within": stored.get("within")}


def _group(stored: Stored) -> Stored:
    return {**stored, "arms": [{"within": None, **arm} for arm in stored["arms"]]}


def _monitoring(stored: Stored | None) -> Stored | None:
    if stored is None:
        return None
    test = None
    if stored["look_due"] is not None:
        test = {
            "made": None,
            "ended": None,
            "last": False,
            **stored,
            "number": stored["look_due"],
            "chances": stored.get("power"),
        }
    return {"periods": 1, **stored, "plan": stored["looks"], "test": test}


def _exploratory(stored: Stored) -> Stored:
    contrast = stored["treatment"]
    method = contrast.get("method") if contrast else None
    return {**stored, "contrast": contrast, "method": method or "hills_armitage"}


def _secondary(stored: Stored | None) -> Stored | None:
    if stored is None:
        return None
    proportions = {name: _proportions(stored[name]) for name in ("response", "remission")}
    second = stored["contrast"][0]
    visits = [_visit(visit, second) for visit in stored["visits"]]
    return {"not_defined": [], **stored, **proportions, "visits": visits}


def _visit(stored: Stored, second: str) -> Stored:
    model = stored["mixed"]
    if model:
        model = {
            # Earlier versions had trials of two periods only.
            "observations": 2 * model["complete"] + model["single"],
            **model,
            "treatments": {second: model["treatment"], **model.get("others", {})},
            "partial": model["single"],
        }
    return {**stored, "paired": stored if "treatment" in stored else None, "mixed": model}


def _proportions(stored: Stored | None) -> Stored | None:
    if stored is None:
        return None
    orders = stored["orders"]
    return {"score": None, **stored, "orders": {"asymptotic": [], **orders} if orders else None}
