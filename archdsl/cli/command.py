"""One command line from its words to its exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from archdsl.cli.answer import DONE, GONE, INTERRUPTED, Answer
from archdsl.cli.failure import failed
from archdsl.cli.parser import parsed
from archdsl.views.terminal import say, say_file, say_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line, `sys.argv` by default, and return its exit code.

    Nothing is raised: a mistake is printed in words, a fault of archdsl with its traceback.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        answer = _carried_out(given)
        code = _printed(answer, as_json)
        sys.stdout.flush()
    except BrokenPipeError:
        return _leave_the_pipe()
    except KeyboardInterrupt:
        say("interrupted", sys.stderr)
        return INTERRUPTED
    return code


def console() -> NoReturn:
    """The installed command `archdsl`: `main`, and out."""
    sys.exit(main())


def _carried_out(given: list[str]) -> Answer:
    try:
        known = parsed(given)
        answer: Answer = known.run(known)
    except SystemExit as stop:  # --help and --version have printed what was asked for
        assert not stop.code, "argparse's own errors are raised as ArchError"
        return Answer({}, "", DONE)
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        return failed(error)
    return answer


def _printed(answer: Answer, as_json: bool) -> int:
    if as_json and answer.data:
        import json

        text = json.dumps(answer.data, indent=2, ensure_ascii=False, default=str)
        say_json(text, sys.stdout)
    elif answer.text:
        stream = sys.stdout if answer.code in (DONE, INTERRUPTED) else sys.stderr
        write = say_file if answer.is_file else say
        write(answer.text, stream)
    return answer.code


def _leave_the_pipe() -> int:
    """`archdsl list | head` is no error; Python would still complain while it shuts down."""
    sink = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(sink, stream.fileno())
    return GONE


assert GONE == 128 + signal.SIGPIPE
