"""How threads wait for each other: decided before torch is imported. Never imports torch."""

import os
import sys

SPINS = "1000"  # the value that libgomp itself takes when it knows of more threads than cores


def bound_spinning() -> bool:
    """Lets a thread that waits for the others spin for some 50 us at most, then sleep. To be called before torch is
    imported (libgomp reads its variables once); False where that is too late or the user has chosen already.

    By default libgomp spins 300,000 times, which takes up to 17 ms on processors with a slow `pause`; beside other
    programs the thread that is waited for gets no core meanwhile. Measured with two threads on two busy cores, a small
    training step: median 740 to 850 ms by default, 130 to 220 ms bounded, at a quarter of the CPU time.
    """
    if "torch" in sys.modules or "GOMP_SPINCOUNT" in os.environ or "OMP_WAIT_POLICY" in os.environ:
        return False
    os.environ["GOMP_SPINCOUNT"] = SPINS
    return True
