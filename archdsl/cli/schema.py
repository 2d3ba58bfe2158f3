"""Print a JSON Schema (draft-07) of specs and recipes, for editors.

With FILE the components of its `imports:` are in it, too. Editors that run yaml-language-server
read it from the first line of a file:

    archdsl schema > archdsl.schema.json

    # yaml-language-server: $schema=archdsl.schema.json
"""

from __future__ import annotations

import argparse

from archdsl.cli.answer import Answer
from archdsl.cli.parser import loaded, takes_a_spec
from archdsl.views.terminal import busy

HELP = "a JSON Schema of specs, for completion and checks in an editor"


def arguments(parser: argparse.ArgumentParser) -> None:
    """An optional FILE, and patches."""
    takes_a_spec(parser, optional=True)


def run(known: argparse.Namespace) -> Answer:
    """Read what is registered."""
    from archdsl.editors import as_text, json_schema
    from archdsl.loading import fill_registry

    with busy("reading the components"):
        fill_registry()
        if known.file is not None:
            loaded(known.file, known)  # which registers what it imports
    schema = json_schema()
    return Answer(schema, as_text(schema).rstrip("\n"), is_file=True)
