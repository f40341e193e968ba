"""The audit trail as people read it: what somebody did, in words; the raw entries one click away."""
