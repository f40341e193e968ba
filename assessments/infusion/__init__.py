"""The infusion day: one page in the order of the day, on the records of its forms."""
