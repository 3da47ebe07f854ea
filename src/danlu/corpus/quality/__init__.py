"""A learned quality score: what good text is, learned from the user's own good (and bad) text."""
