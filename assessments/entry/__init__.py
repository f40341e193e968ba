"""The entry of any form: its page from the file, records, drafts, conflicts."""
