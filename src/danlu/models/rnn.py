"""The row `rnn`: the plain recurrent network (Elman 1990), tanh. Shared parts: recurrence.py, layers/recurrent.py."""

from danlu.models.recurrence import recurrent_architecture

ARCHITECTURE = recurrent_architecture("rnn")
