"""Who may take part: consent, checklist, earlier treatments, the decision."""
