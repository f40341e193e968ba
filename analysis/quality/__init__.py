"""How ratings are made: patterns by rater and site, for monitors. Blinded."""
