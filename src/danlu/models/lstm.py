"""The row `lstm`: long short-term memory (Hochreiter & Schmidhuber 1997). Shared parts: recurrence.py, layers/recurrent.py."""

from danlu.models.recurrence import recurrent_architecture

ARCHITECTURE = recurrent_architecture("lstm")
