"""Enrolment: participants from screening to completion."""
