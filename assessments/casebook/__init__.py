"""On paper: forms to fill in by hand, a participant's whole record. And form files looked at before they are loaded."""
