"""The words of the command line. Nothing heavy is imported here: `--help` answers at once."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, cast

from archdsl.cli.answer import Answer
from archdsl.cli.failure import UsageError
from archdsl.errors import ArchError
from archdsl.language.nodes import Mapping, plain
from archdsl.spelling import did_you_mean
from archdsl.version import VERSION
from archdsl.views.terminal import say

if TYPE_CHECKING:
    from archdsl.specification import Spec

VERBS = ("check", "show", "count", "diff", "bench", "list", "search", "train", "proxy-check",
         "status", "report", "compare", "replay", "export", "evaluate", "weights",
         "schema")  # fmt: skip


class Verb(Protocol):
    """What a module of this package has."""

    HELP: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the verb takes."""

    def run(self, known: argparse.Namespace) -> Answer:
        """Carry it out. Raises ArchError."""


class _Parser(argparse.ArgumentParser):
    """argparse, with mistakes raised as ArchError instead of an exit."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Help, **options)

    def _print_message(self, message: str, file: Any = None) -> None:
        say(message.rstrip("\n"), file or sys.stdout)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}\n  {self.format_usage().strip()}")


def _word(text: str) -> str:
    """A word of the command line. An empty one would be the working directory, or a default."""
    if not text:
        raise argparse.ArgumentTypeError("nothing is named.  name what is meant, or leave it out")
    return text


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)


def parsed(given: Sequence[str]) -> argparse.Namespace:
    """The command line as a namespace whose `run` is the verb's own. Raises UsageError."""
    name = next((word for word in given if not word.startswith("-")), None)
    if name is not None and name not in VERBS:
        guess = did_you_mean(name, VERBS, before="  ")
        raise UsageError(f"archdsl has no verb '{name}'.{guess}\n  the verbs: {' '.join(VERBS)}")
    # what a verb needs is its own alone; who asks for all of them puts no verb first
    return _parser((name,) if name is not None and given[0] == name else VERBS).parse_args(given)


def _parser(shown: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="archdsl",
        description="Write a vision backbone as a spec; count it exactly, search it inside a "
        "budget,\nexport the winner as plain PyTorch.",
        epilog="exit codes: 0 done, 2 you can mend it, 1 a fault of archdsl, 130 interrupted",
    )
    parser.add_argument("--version", action="version", version=f"archdsl {VERSION}")
    verbs = parser.add_subparsers(
        title="verbs", metavar="VERB", required=True, parser_class=_Parser
    )
    for name in shown:
        verb = cast(Verb, importlib.import_module(f"archdsl.cli.{name.replace('-', '_')}"))
        own = verbs.add_parser(name, help=verb.HELP, description=(verb.__doc__ or "").strip())
        own.register("type", None, _word)
        own.register("type", Path, lambda text: Path(_word(text)))
        verb.arguments(own)
        own.add_argument("--json", action="store_true", help="print JSON for programs")
        own.set_defaults(run=verb.run)
    return parser


def takes_a_spec(
    parser: argparse.ArgumentParser, what: str = "FILE", *, optional: bool = False
) -> None:
    """FILE, `--set`, `--no-imports` and `--sandbox`, as every verb on a spec takes them."""
    parser.add_argument(
        "file",
        metavar=what,
        nargs="?" if optional else None,
        help="a path, a run directory (its winner), or the name of a shipped spec "
        "(archdsl list specs)",
    )
    takes_patches(parser)


def takes_patches(parser: argparse.ArgumentParser) -> None:
    """`--set`, `--no-imports` and `--sandbox`, wherever a spec is named."""
    takes_changes(parser)
    takes_sandbox(parser)


def takes_changes(parser: argparse.ArgumentParser) -> None:
    """`--set` and `--no-imports`, wherever a spec is loaded."""
    parser.add_argument(
        "--set",
        metavar="ADDRESS=VALUE",
        action="append",
        default=[],
        dest="patches",
        help="change one value, as in --set stages.2.depth=6; may be given many times",
    )
    parser.add_argument(
        "--no-imports",
        action="store_false",
        dest="imports",
        help="refuse specs that run Python of their own",
    )


def takes_a_drawing(parser: argparse.ArgumentParser) -> None:
    """`--draw`, wherever there is something to be drawn."""
    parser.add_argument(
        "--draw", metavar="FILE", type=_drawing, help="write a drawing: a .svg or a .png file"
    )


def _drawing(text: str) -> str:
    """The file of a drawing; refused before anything is read if it is neither."""
    from archdsl.drawing.drawing import file_of

    try:
        return str(file_of(text))
    except ArchError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def takes_salvage(parser: argparse.ArgumentParser) -> None:
    """`--salvage`, wherever a record is gone on with."""
    parser.add_argument(
        "--salvage",
        action="store_true",
        help="go on from what stands before the damage in a damaged record",
    )


def takes_sandbox(parser: argparse.ArgumentParser) -> None:
    """`--sandbox`, wherever something of a stranger's may be read."""
    parser.add_argument(
        "--sandbox",
        action="store_true",
        help="a stranger's: read nothing outside of its folder but shipped specs, run no Python",
    )


def loaded(name: str, known: argparse.Namespace) -> Spec:
    """The spec that was named, as the command line has it. Raises SpecError."""
    import archdsl

    return archdsl.load(name, patches(known), imports=known.imports, sandbox=known.sandbox)


def images_named(text: str | None) -> Any:
    """What `--data` says: a path or a name; a mapping where it is written as one.

    Raises SpecError.
    """
    if text is None or not text.lstrip().startswith("{"):
        return text
    from archdsl.language.yaml import read

    return plain(read(text, "--data"))


def patches(known: argparse.Namespace) -> dict[str, Any]:
    """The `--set`s as address -> value. Raises ArchError."""
    from archdsl.language.load import read_assignment

    found: dict[str, Any] = {}
    for text in known.patches:
        address, node = read_assignment(text)
        if address in found:
            raise ArchError(f"--set {address} is given twice; say it once")
        assert isinstance(node, Mapping)
        found[address] = cast(dict[str, Any], plain(node))[address]
    return found
