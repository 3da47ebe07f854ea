"""One file for each cleaner that is more than a pattern; the rows stand in CLEANERS."""
