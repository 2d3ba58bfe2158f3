"""Find out whether a search's proxy orders architectures as longer trainings do.

Architectures that are spread over the budget are trained with several seeds, under the proxy and
under the final schedule. The same command on the same directory goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from archdsl.cli.answer import DONE, INTERRUPTED, MENDABLE, Answer
from archdsl.cli.parser import loaded, takes_a_spec, takes_salvage
from archdsl.errors import SearchError

HELP = "find out whether a search's proxy is worth anything"


def arguments(parser: argparse.ArgumentParser) -> None:
    """SPACE and patches, how large the check is, and where its record goes."""
    takes_a_spec(parser, "SPACE")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="its folder; default runs/NAME-proxy-check"
    )
    parser.add_argument("--members", metavar="N", help="how many architectures; default 20")
    parser.add_argument(
        "--seeds", metavar="K", help="trainings of each under either schedule; default 3"
    )
    parser.add_argument(
        "--final-epochs",
        metavar="E",
        help="of the final schedule; default search.final.epochs, else the proxy's",
    )
    takes_salvage(parser)
    parser.add_argument(
        "--workers",
        metavar="N",
        help="how many trainings run at once; short for  --set search.workers=N",
    )


def run(known: argparse.Namespace) -> Answer:
    """Check with a live display, and say what came of it."""
    import archdsl
    from archdsl.display.choice import for_stream

    if known.workers is not None:
        known.patches.append(f"search.workers={_number('--workers', known.workers)}")
    given: dict[str, Any] = {
        name: _number(option, text)
        for name, option, text in (
            ("members", "--members", known.members),
            ("seeds", "--seeds", known.seeds),
            ("final_epochs", "--final-epochs", known.final_epochs),
        )
        if text is not None
    }
    with for_stream(sys.stderr if known.json else sys.stdout) as listener:
        spec = loaded(known.file, known)
        found = archdsl.proxy_check(
            spec, out=known.out, listener=listener, salvage=known.salvage, **given
        )
    if found.interrupted:
        code = INTERRUPTED
    else:
        code = DONE if found.figures is not None else MENDABLE
    return Answer(found.record(), f"\n{found}", code)


def _number(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise SearchError(f"{option} is {text!r}.  write how many, as in  {option} 3") from None
