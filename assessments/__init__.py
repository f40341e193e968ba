"""Assessments: what was measured."""
