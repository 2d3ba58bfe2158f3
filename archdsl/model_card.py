"""What a saved folder says for people and for other programs: `README.md` and `config.json`.

The card's front matter is the Hugging Face Hub's, so that the folder is a model there as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archdsl.data.preprocessing import Preprocessing, in_metadata
from archdsl.errors import CountError
from archdsl.language.nodes import plain
from archdsl.language.write import write
from archdsl.units import counted, figure, integer
from archdsl.version import VERSION

if TYPE_CHECKING:
    from archdsl.checkpoints.saved import Saveable
    from archdsl.compiler.network import Network
    from archdsl.specification import Spec

CONFIG, CARD = "config.json", "README.md"
"""What it is called in the folder."""

_SHOWN = 50
"""Names of classes that the card shows; the configuration has all."""


@dataclass(frozen=True, slots=True)
class SavedFacts:
    """What is known of a model that is saved.

    features: the stages of a backbone, None for a whole model; params: that it has
    said: what was done to the images that it was trained on, None where nobody says
    found: what a search noted of it, as its spec has it
    """

    network: Network
    features: list[int] | None
    params: int
    said: Preprocessing | None
    found: Mapping[str, Any]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the logits; empty where there are none, or nobody says them."""
        names = () if self.said is None or self.features is not None else self.said.class_names
        return names if len(names) == self.network.classes else ()


def facts(model: Saveable, spec: Spec) -> SavedFacts:
    """The facts of a model and of the spec that it is saved with."""
    from archdsl.compiler.backbone import Backbone

    noted = spec.document.top.get("found")
    found: Any = {} if noted is None else plain(noted)
    return SavedFacts(
        model.network,
        list(model.features) if isinstance(model, Backbone) else None,
        sum(parameter.numel() for parameter in model.parameters()),
        in_metadata(model.metadata),
        found if isinstance(found, Mapping) else {},
    )


def config(known: SavedFacts) -> str:
    """The configuration as JSON: labels as the Hub has them, input, preprocessing."""
    network, names = known.network, known.classes
    values: dict[str, Any] = {
        "library_name": "archdsl",
        "archdsl": VERSION,
        "name": network.name,
        "input_size": list(network.input),
        "num_classes": 0 if known.features is not None else network.classes,
        "features": known.features,
    }
    if names:
        values["id2label"] = {str(index): name for index, name in enumerate(names)}
        values["label2id"] = {name: index for index, name in enumerate(names)}
    if known.said is not None:
        values["preprocessing"] = {
            key: value for key, value in known.said.record().items() if key != "class_names"
        }
    return json.dumps(values, indent=2) + "\n"


def card(known: SavedFacts) -> str:
    """The model card as Markdown."""
    network = known.network
    whole = known.features is None and network.classes
    front = {
        "library_name": "archdsl",
        "pipeline_tag": "image-classification" if whole else "image-feature-extraction",
        "tags": ["archdsl", "pytorch", "vision-backbone"],
    }
    return "\n".join(
        [
            "---", write(front).strip(), "---", "",
            f"# {_text(network.name)}", "",
            *_what(known), "", *_use(known), "", *_costs(known), "", *_images(known), "",
            *_results(known), "",
            f"Written by archdsl {VERSION}. Nothing in this folder is a pickle.", "",
        ]
    )  # fmt: skip


def _what(known: SavedFacts) -> list[str]:
    network = known.network
    size = " x ".join(map(str, network.input))
    if known.features is not None:
        return [f"The maps of stages {known.features} of {_text(network.name)}, for images {size}."]
    gives = counted(network.classes, "class", "classes") if network.classes else "no classes"
    return [
        f"A network for images {size}, with {gives}. `spec.yaml` says what it is made of, "
        "`model.safetensors` has its weights, `config.json` the labels and the preprocessing."
    ]


def _use(known: SavedFacts) -> list[str]:
    return [
        "```python",
        "import archdsl",
        "",
        'model = archdsl.load_model("path/to/this/folder").eval()',
        "```",
    ]


def _costs(known: SavedFacts) -> list[str]:
    lines = ["## Costs", "", "| | |", "|---|---|", f"| parameters | {integer(known.params)} |"]
    if known.features is None:
        try:
            from archdsl.cost import count

            cost = count(known.network)
            lines += [
                f"| multiply-accumulates | {integer(cost.macs)} |",
                f"| largest activations of a layer | {integer(cost.activations)} |",
            ]
        except CountError:
            lines += ["| multiply-accumulates | not known: an operator has no counting rule |"]
    return [*lines, "", "Exact integers, per image, of the deployed form (`archdsl count`)."]


def _images(known: SavedFacts) -> list[str]:
    lines = ["## Images", ""]
    words = "" if known.said is None else known.said.words()
    lines.append(
        f"What was done to an image of the training: {words}."
        if words
        else "Nobody says what was done to the images of its training."
    )
    if known.classes:
        shown = ", ".join(map(_text, known.classes[:_SHOWN]))
        more = len(known.classes) - _SHOWN
        lines += ["", f"Classes: {shown}{f', and {more:,} more' if more > 0 else ''}."]
    return lines


def _results(known: SavedFacts) -> list[str]:
    """What it came to and how that was obtained."""
    found = known.found
    metrics, test = found.get("metrics"), found.get("test")
    if not isinstance(metrics, Mapping):
        return ["## Results", "", "None are on record: `archdsl evaluate` judges it on images."]
    seen = test if isinstance(test, Mapping) else {}
    lines = ["## Results", ""]
    judged = [name for name in dict.fromkeys([*metrics, *seen]) if name not in ("n", "train_loss")]
    if judged:
        lines += ["| metric | validation | test |", "|---|---|---|"]
    for name in judged:
        row = (_figure(one.get(name)) for one in (metrics, seen))
        lines.append(f"| {_text(str(name))} | {' | '.join(row)} |")
    if "train_loss" in metrics:
        lines += ["", f"Loss of the training steps: {_figure(metrics['train_loss'])}."]
    how = [_obtained(found)]
    if seen:
        images = f" of {seen['n']:g} images" if isinstance(seen.get("n"), int | float) else ""
        how.append(f"The test split{images} was looked at once the search was over.")
    return [*lines, "", " ".join(how)]


def _obtained(found: Mapping[str, Any]) -> str:
    """How the figures came about."""
    if "trial" not in found:
        return (
            "The weights are those of the best epoch of a training (`archdsl train`), unless they "
            "were trained on since. The validation split chose the epoch, which flatters its "
            "figures."
        )
    return (
        f"The architecture is trial {found.get('trial')} of {found.get('trials')} of a search "
        f"(sampler {_text(str(found.get('sampler')))}, seed {found.get('seed')}), and the weights "
        "are those of its training there, unless they were trained on since. The validation split "
        "chose it, which flatters the validation figures."
    )


def _figure(value: object) -> str:
    return figure(value) if isinstance(value, int | float) else "–"


def _text(text: str) -> str:
    """A text of others in Markdown: nothing in it is markup, and it stays on its line."""
    line = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in r"\`*_[]<>|#" else sign for sign in line)
