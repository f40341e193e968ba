"""Adverse events of a study: the clock of serious ones, their list, and one event on paper."""
