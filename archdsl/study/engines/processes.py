"""Processes that start at once: forked from a server that has imported all that is slow.

The program of the user is not run again in them, as it would be by `multiprocessing` alone; so a
script needs no `if __name__ == "__main__"`, and a notebook none either.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from typing import Any

from archdsl.errors import SearchError

_PRELOADED = ["archdsl.study.engines.worker", "archdsl.training.train", "archdsl.spaces"]


def warm_up() -> None:
    """Start the server, which goes on by itself. Raises SearchError where there is none."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        raise SearchError(
            f"search.workers: {sys.platform} cannot fork processes from a server.  search with  "
            "workers: 1"
        )
    multiprocessing.get_context("forkserver").set_forkserver_preload(_PRELOADED)
    with _without_main():
        forkserver.ensure_running()


def start(target: Callable[..., None], *args: Any, name: str) -> BaseProcess:
    """Call a function of archdsl in a new process."""
    warm_up()
    process = multiprocessing.get_context("forkserver").Process(target=target, args=args, name=name)
    with _without_main():
        process.start()
    return process


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the program that runs: a child would run it, too, up to where it searches."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def kill(process: BaseProcess) -> None:
    """End a process and all that it started, at once."""
    if process.pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.is_alive():  # it may not have led its group yet
            process.kill()
    process.join()
