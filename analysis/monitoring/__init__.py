"""What only the unblinded see: figures by treatment, looks at the data, the board's report and its print."""
