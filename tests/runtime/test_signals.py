"""Signals become a flag; the second Ctrl-C ends the process; handlers are put back."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from danlu.runtime.signals import ECHO_SECONDS, Signals

WAITING = """
import signal, sys, time
{before}
from danlu.runtime.signals import Signals
with Signals() as signals:
    print("ready", flush=True)
    while signals.requested is None or {stubborn}:
        time.sleep(0.01)
    print("asked", signals.requested, flush=True)
"""


def _start(*, stubborn: bool = False, before: str = "") -> subprocess.Popen[str]:
    code = WAITING.format(stubborn=stubborn, before=before)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_only_sets_the_flag(number: int) -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with Signals() as signals:
        os.kill(os.getpid(), number)
        assert signals.requested == number
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_the_first_signal_is_the_one_that_is_told() -> None:
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert signals.requested == signal.SIGTERM


def test_an_echo_of_the_same_interrupt_counts_once() -> None:
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        assert signals.requested == signal.SIGINT


def test_handlers_are_put_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError), Signals():
        raise RuntimeError
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_nothing_is_installed() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        with Signals() as signals:
            seen.append((signals.requested, signal.getsignal(signal.SIGINT) is before))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(None, True)]


def test_a_second_interrupt_ends_the_process_at_once() -> None:
    process = _start(stubborn=True)
    process.send_signal(signal.SIGINT)
    time.sleep(2 * ECHO_SECONDS)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130


def test_a_closed_terminal_asks_for_the_same_as_sigterm() -> None:
    process = _start()
    process.send_signal(signal.SIGHUP)
    assert process.communicate(timeout=10)[0] == f"asked {int(signal.SIGTERM)}\n"


def test_under_nohup_a_closed_terminal_means_nothing() -> None:
    process = _start(before="signal.signal(signal.SIGHUP, signal.SIG_IGN)")
    process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=10)[0] == f"asked {int(signal.SIGTERM)}\n"
