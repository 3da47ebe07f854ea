"""The name under which tests note the largest difference from another program, for the table at the end of the suite."""

MEASURED = "largest difference from other programs"
