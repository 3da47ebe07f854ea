"""Rules: limits on measures. One row is a measure, its published source, and a meaning in both languages."""
