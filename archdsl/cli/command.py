"""One command line from its words to its exit code."""

from __future__ import annotations

import contextlib
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from archdsl.cli import streams
from archdsl.cli.answer import DONE, GONE, INTERRUPTED, MENDABLE, Answer
from archdsl.cli.failure import failed
from archdsl.cli.parser import parsed
from archdsl.language.passwords import without_passwords
from archdsl.printable import printable
from archdsl.views.terminal import Unwritable, say, say_file, say_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line, `sys.argv` by default, and return its exit code.

    Nothing is raised: a mistake is printed in words, a fault of archdsl with its traceback.
    """
    given = [without_passwords(one) for one in (sys.argv[1:] if arguments is None else arguments)]
    as_json = "--json" in given
    streams.open_closed()
    try:
        return _printed(_carried_out(given), as_json)
    except BrokenPipeError:  # `archdsl list | head` is no error
        return GONE
    except KeyboardInterrupt as stop:
        return _said(str(stop) or "interrupted", INTERRUPTED)
    except Unwritable as error:
        return _said(str(error), MENDABLE)
    finally:
        streams.let_go()


def console() -> NoReturn:
    """The installed command `archdsl`: `main`, and out."""
    warnings.formatwarning = _warned(warnings.formatwarning)
    sys.exit(main())


def _warned(usual: Callable[..., str]) -> Callable[..., str]:
    """How warnings are printed: what is said to users without the place in our source."""

    def text(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> str:
        if category is UserWarning:
            return f"{printable(str(message))}\n"
        return usual(message, category, *where, **more)

    return text


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


def _said(text: str, code: int) -> int:
    """The code, with its reason in words where they can still be said."""
    with contextlib.suppress(Unwritable, BrokenPipeError):
        say(text, sys.stderr)
    return code


assert GONE == 128 + signal.SIGPIPE
