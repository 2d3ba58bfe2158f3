"""Check a spec: every key, every option, and every combination of answers of a space."""

from __future__ import annotations

import argparse

from archdsl.cli.answer import Answer, busy
from archdsl.cli.parser import patches, takes_a_spec

HELP = "say whether a spec is right, and where it is not"


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE and patches."""
    takes_a_spec(parser)


def run(known: argparse.Namespace) -> Answer:
    """Load the spec, which checks it."""
    import archdsl

    with busy(f"checking {known.file}"):
        spec = archdsl.load(known.file, patches(known), imports=known.imports)
        size = archdsl.space(spec).size
    what = f"a space of {size:,} architectures" if spec.is_space else "one architecture"
    lines = [f"{known.file}: right, {what}", *(f"  {line}" for line in spec.discarded)]
    data = {
        "file": known.file,
        "name": spec.name,
        "space": spec.is_space,
        "size": size,
        "discarded": list(spec.discarded),
    }
    return Answer(data, "\n".join(lines))
