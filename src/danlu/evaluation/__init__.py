"""How good a language model is: bits per byte beside reference lines, with intervals; comparison; the report of a run."""
