"""What a signal does to a training."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from archdsl.training.trainer import pl


@contextmanager
def interruptible(run: pl.Trainer, interrupted: Callable[[], bool]) -> Iterator[None]:
    """Ctrl-C leaves a fit as KeyboardInterrupt, and SIGTERM ends the process as ever.

    Lightning turns the first into SystemExit(1) and ignores SIGINT from then on, and the second
    into a SystemExit that looks like success.
    """
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT) if main else None
    try:
        yield
    except SystemExit:
        if interrupted():
            raise KeyboardInterrupt from None
        if run.received_sigterm and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.raise_signal(signal.SIGTERM)
        raise
    finally:
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
