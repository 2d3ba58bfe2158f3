"""A network as one Python file that imports torch and the standard library alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from archdsl.compiler.backbone import chosen
from archdsl.compiler.builder import build_layer
from archdsl.compiler.network import Layer, Network
from archdsl.data.preprocessing import Preprocessing
from archdsl.exporters import factory, preprocess
from archdsl.exporters.bundle import Bundle
from archdsl.exporters.layout import WIDTH
from archdsl.exporters.specialise import specialised
from archdsl.exporters.specialise.observed import Promised
from archdsl.nn.fuse import fuse
from archdsl.nn.model import lay_contiguous


def code(
    network: Network,
    preprocessing: Preprocessing | None = None,
    *,
    features: Sequence[int] | None = None,
    fused: bool = False,
    macs: int | None = None,
    params: int | None = None,
) -> str:
    """The text of a file whose factory, named after the spec, makes the network.

    The model has the state-dict keys of `build(network)`, from the same seed the same weights,
    and from the same weights the same outputs, bit for bit. The same network gives the same
    text. The file holds the classes that the network uses, with the helpers and constants that
    they use, and nothing that only archdsl reads.

    preprocessing: of the images that it was trained on, for `CLASSES` and `preprocess`
    features: indices of stages whose maps the model gives instead of logits; it has then the names
        of `Backbone`
    fused: whether the model is in its deployed form; it has then the names of `fuse`
    macs, params: of the deployed form, for the file's first lines
    Raises ExportError for a class that needs more than torch and the standard library, and for
    one whose source cannot be read; BuildError for a stage that is not there.
    """
    if features is not None:
        features = tuple(chosen(features, len(network.stages)))
    whole = factory.Made(features, fused)
    network = whole.of(network)
    said = preprocess.fitting(preprocessing, network)
    taken = preprocess.reserved(said)
    name = factory.function_name(network.name, taken)
    folds = _folds(network)
    wanted: list[Callable[..., Any]] = [
        *factory.classes_of(network, whole),
        *([fuse] if folds or fused else []),
        *preprocess.functions(said),
    ]
    bundle = Bundle(dict.fromkeys(wanted), (name, *taken, *factory.LOCAL))
    function = factory.factory(network, bundle, name, whole)
    if preparing := preprocess.preprocess(said, bundle):
        function += ["", "", *preparing]
    definitions = bundle.definitions()
    deploy = bundle.expression(fuse) if folds and not fused else None
    header = _header(network, name, deploy, said, macs, params, maps=features is not None)
    constants = preprocess.constants(said)
    above = ["", *constants] if constants else []
    parts = [*header, "", *bundle.imports(), *above, "", "", *definitions, "", "", *function]
    promised = Promised(
        name,
        _numbers_of_classes(network),
        deploy=deploy,
        lays=bundle.expression(lay_contiguous),
        others=(*taken, *(["preprocess"] if preparing else [])),
    )
    return specialised("\n".join(parts) + "\n", promised, network.input)


def _numbers_of_classes(network: Network) -> tuple[int, ...]:
    """What the factory is tried with; what does not follow from it is the same for all of them."""
    head = network.head
    if head is None or "classes" not in dict(head.context):
        return ()
    return tuple(dict.fromkeys((network.classes, 0, network.classes + 1)))


def _folds(network: Network) -> bool:
    """Whether the deployed form differs, so that the code that makes it should leave, too."""
    alone = {(layer.component, layer.context): layer for layer in network.layers()}
    with torch.random.fork_rng(devices=[]):
        return any(_layer_folds(layer) for layer in alone.values())


def _layer_folds(layer: Layer) -> bool:
    classes = [layer.component, *layer.component.nested()]
    if not any(hasattr(component.definition.cls, "fused") for component in classes):
        return False
    module = build_layer(layer)
    return list(fuse(module).state_dict()) != list(module.state_dict())


def _header(
    network: Network,
    name: str,
    deployed: str | None,
    said: Preprocessing | None,
    macs: int | None,
    params: int | None,
    *,
    maps: bool,
) -> list[str]:
    shape = ", ".join(str(side) for side in network.input)
    size = " and ".join(
        f"{number:,} {unit}"
        for number, unit in ((macs, "MACs"), (params, "parameters"))
        if number is not None
    )
    first = f'"""{network.name}, a vision backbone in plain PyTorch'
    one_line = f"{first}: {size}." if size else f"{first}."
    lines = [
        *([one_line] if len(one_line) <= WIDTH else [f"{first}.", "", f"{size}."]),
        "",
        f"    model = {name}()",
        *([f"    maps = model(torch.randn(1, {shape}))"] if maps else _used(shape, said)),
    ]
    if deployed is not None:
        lines.append(
            f"    fast = {deployed}(model)  # for inference: branches and batch norms folded"
        )
    return [
        *lines,
        "",
        "Needs torch alone. The keys of the state dict are the addresses of the spec from which",
        "archdsl wrote this file. The file is yours: use, change and share it as you like.",
        '"""',
    ]


def _used(shape: str, said: Preprocessing | None) -> list[str]:
    """The lines that show what goes in and what comes out."""
    logits = f"out = model(torch.randn(1, {shape}))"
    if said is not None and said.pixels is not None:
        logits = "out = model.eval()(preprocess(image)[None])"
    names = said is not None and said.class_names
    return [f"    {logits}", *(["    print(CLASSES[out.argmax()])"] if names else [])]
