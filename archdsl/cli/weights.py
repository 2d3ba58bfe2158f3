"""Rename a checkpoint's tensors: from published names to archdsl's own, and back.

    archdsl weights import FILE --from official --spec poolformer_s12 -o own.safetensors
    archdsl weights export own.safetensors --to timm --spec poolformer_s12 -o theirs.pth

FILE is safetensors, or what torch.save wrote, and is read so that no code runs. Its
form, as it is trained or deployed, is recognised, and without --from so is its naming, and so
are the prefixes that DDP, torch.compile and Lightning put before the names. Of a file with
averaged weights beside the others, as state_dict_ema beside state_dict, the others are taken;
--ema takes the averaged ones. What does not fit the spec is refused.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from archdsl.cli.answer import Answer
from archdsl.cli.failure import UsageError
from archdsl.cli.parser import loaded, takes_patches
from archdsl.views.terminal import busy

HELP = "rename the tensors of a checkpoint, from published names or to them"

_NAMINGS = ("official", "timm")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The direction, FILE, the naming, the spec, and where to."""
    parser.add_argument("direction", choices=("import", "export"), help="to our names or from them")
    parser.add_argument("file", metavar="FILE", type=Path, help="the checkpoint")
    parser.add_argument("--from", dest="source", choices=_NAMINGS, help="import: FILE's naming")
    parser.add_argument("--to", dest="target", choices=_NAMINGS, help="export: the naming to write")
    parser.add_argument(
        "--spec", metavar="SPEC", required=True, help="the model: a path, or a shipped spec's name"
    )
    parser.add_argument(
        "-o", "--out", metavar="PATH", type=Path, required=True,
        help="where to: .safetensors, or .pth as torch.save writes it",
    )  # fmt: skip
    parser.add_argument(
        "--drop-head", action="store_true", help="leave out what depends on the number of classes"
    )
    parser.add_argument(
        "--ema", action=argparse.BooleanOptionalAction, default=None,
        help="of a file with averaged weights beside the others, take those, or the others",
    )  # fmt: skip
    takes_patches(parser)


def run(known: argparse.Namespace) -> Answer:
    """Read, recognise, rename, write."""
    importing = known.direction == "import"
    if importing and known.target is not None:
        raise UsageError("archdsl weights import takes --from, and writes archdsl's own names")
    if not importing and (known.source is not None or known.target is None):
        raise UsageError(f"archdsl weights export takes --to {' or '.join(_NAMINGS)}")
    with busy(f"reading {known.file}"):
        from archdsl.api import baselines, weights_of
        from archdsl.checkpoints import export_weights, import_weights

        spec = loaded(known.spec, known)
        network, file = spec.network(), weights_of(known.file)
        how = {"drop_head": known.drop_head, "others": baselines, "ema": known.ema}
        if importing:
            renamed = import_weights(file, network, known.out, label=known.source, **how)
        else:
            renamed = export_weights(file, network, known.out, label=known.target, **how)
    source, target = renamed.phrases
    data = {
        "spec": spec.name,
        "from": renamed.source.label,
        "to": renamed.target.label,
        "deployed": renamed.form.deployed,
        "part": renamed.part,
        "path": str(known.out),
        "notes": list(renamed.notes),
    }
    taken = "" if renamed.part == "the file" else f"{renamed.part} of "
    done = f"{taken}{known.file}, in {source}, is written to {known.out} in {target}"
    lines = [f"{spec.name}: {done}", *(f"note: {note}" for note in renamed.notes)]
    return Answer(data, "\n".join(lines))
