"""What runs beside the tests."""

import time

import pytest

from tests.run import beside


def test_what_runs_beside_is_shown_when_it_ends(capfd: pytest.CaptureFixture[str]) -> None:
    """In one piece, errors included; and its failure is known."""
    with beside(["sh", "-c", "echo well; echo not so well >&2; exit 3"]) as command:
        assert command.wait() == 3
    assert capfd.readouterr().out == "\nwell\nnot so well\n"


def test_what_still_runs_when_the_tests_failed_is_ended() -> None:
    begun = time.monotonic()
    with beside(["sleep", "60"]) as command:
        pass
    assert command.returncode != 0
    assert time.monotonic() - begun < 30
