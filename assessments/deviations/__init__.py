"""Deviations: filed by the rules of the protocol with every change, reviewed and closed by people."""
