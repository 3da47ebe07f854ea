"""The row `gru`: gated recurrent units (Cho et al. 2014, arXiv:1406.1078). Shared parts: recurrence.py, layers/recurrent.py."""

from danlu.models.recurrence import recurrent_architecture

ARCHITECTURE = recurrent_architecture("gru")
