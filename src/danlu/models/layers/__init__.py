"""Parts that networks are built from: one attention, one feed-forward, one norm, one recurrent stack."""
