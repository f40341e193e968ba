"""Figures of the report as they are stored and read again."""

import json
from typing import TypeVar

from analysis.monitoring import earlier
from analysis.monitoring.figures import SHAPE, LookTest, MonitoringFigures, ReportFigures, SecondaryFigures
from enrollment.protocol.model import Protocol
from trialsite.lib import canonical, codec

T = TypeVar("T")


def present(value: T | None) -> T:
    assert value is not None
    return value


def stored(protocol: Protocol, figures: ReportFigures) -> ReportFigures:
    """As a frozen look has them."""
    content = json.loads(canonical.encode({"shape": SHAPE, **codec.encode(figures)}))
    return earlier.report_figures(protocol, content, "")


def monitored(figures: ReportFigures) -> MonitoringFigures:
    return present(figures.monitoring)


def look_test(figures: ReportFigures) -> LookTest:
    return present(monitored(figures).test)


def compared(figures: ReportFigures) -> SecondaryFigures:
    return present(figures.secondary)
