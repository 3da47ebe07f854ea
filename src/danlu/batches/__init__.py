"""Token ids -> batches: which window comes when is a pure function of the seed and the step."""
