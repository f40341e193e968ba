"""The log: one JSON object a line, with the request the answer names."""

import json
import logging

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_line_of_the_log_names_the_request(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """What a user reads from X-Request-ID finds the line; a line feed in a message forges no second line."""
    answer = client.get("/login/")
    handler = logging.getLogger().handlers[0]
    record = logging.LogRecord("trialsite", logging.WARNING, "", 0, "first\nsecond %s", ("x",), None)
    for other in logging.getLogger().handlers:
        if other.formatter and "ProcessorFormatter" in type(other.formatter).__name__:
            handler = other
    line = handler.format(record)
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["event"] == "first\nsecond x"
    assert entry["request"] == answer["X-Request-ID"]
    assert entry["level"] == "warning"
