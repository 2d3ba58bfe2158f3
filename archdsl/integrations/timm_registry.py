"""Specs by name in timm's registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archdsl import shipped
from archdsl.api import Specish, build, load
from archdsl.errors import BuildError
from archdsl.published import published
from archdsl.specification import Spec

PREFIX = "archdsl_"

default_cfgs: dict[str, dict[str, Any]] = {}
"""Where timm looks for a model's configuration, as `register_model` finds it in this module."""

_registered: dict[str, str] = {}


def register(*specs: Specish) -> list[str]:
    """Make specs known to `timm.create_model`, as `archdsl_NAME`; returns those names.

    specs: shipped names, paths, mappings or specs; by default all that are shipped. A space
        stands for its default member. The same spec again changes nothing, another one of the
        same name takes its place
    Raises BuildError where timm is not there, and SpecError for a bad spec.
    """
    try:
        from timm.models import register_model
    except ImportError as error:
        raise BuildError(f"timm cannot be imported ({error}).  pip install timm") from None
    found = []
    for given in specs or shipped.names():
        spec = load(given)
        name = PREFIX + spec.name
        text = spec.dump()
        if _registered.get(name) != text:
            default_cfgs[name] = _configuration(spec)
            entry = _entry(name, spec)
            if name in _registered:
                _forget(name)
            register_model(entry)
            _registered[name] = text
        found.append(name)
    return found


def _forget(name: str) -> None:
    """Take a name out of timm's registry, which warns where one is given twice."""
    from timm.models import _registry

    _registry._model_entrypoints.pop(name, None)


def _entry(name: str, spec: Spec) -> Callable[..., Any]:
    """What timm calls for a model."""

    def make(pretrained: bool = False, **kwargs: Any) -> Any:
        from timm.models import build_model_with_cfg

        if pretrained:
            model = published().get(spec.name)
            where = "" if model is None or model.weights is None else f" ({model.weights})"
            raise BuildError(
                f"{name}: archdsl brings no weights.  download them{where}, and write  "
                f"timm.create_model({name!r}, checkpoint_path=...)"
            )
        stages = range(len(spec.network().stages))
        return build_model_with_cfg(
            lambda **given: _made(spec, **given), name, False,
            feature_cfg={"out_indices": tuple(stages), "feature_cls": "getter"}, **kwargs,
        )  # fmt: skip

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"{spec.name}, from its spec."
    make.__module__ = __name__
    return make


def _made(
    spec: Spec,
    *,
    num_classes: int | None = None,
    in_chans: int | None = None,
    img_size: int | tuple[int, int] | None = None,
    drop_rate: float = 0.0,
    drop_path_rate: float | None = None,
    global_pool: str | None = None,
    **rest: Any,
) -> Any:
    from torch import nn

    from archdsl.integrations.timm_model import TimmModel

    network = spec.network()
    channels, height, width = network.input
    if img_size is not None:
        height, width = (img_size, img_size) if isinstance(img_size, int) else img_size
    patches: dict[str, Any] = {"input": [in_chans or channels, height, width]}
    if drop_path_rate is not None:
        patches["drop_path"] = drop_path_rate
    if num_classes and num_classes != network.classes:
        patches["classes"] = num_classes
    model = TimmModel(build(load(spec, set=patches)), **rest)
    if global_pool is not None or (num_classes == 0 and model.num_classes):
        model.reset_classifier(
            model.num_classes if num_classes is None else num_classes, global_pool
        )
    for module in model.head.modules() if drop_rate and model.head is not None else ():
        if isinstance(module, nn.Dropout):
            module.p = drop_rate
    return model


def _configuration(spec: Spec) -> dict[str, Any]:
    """timm's `default_cfg`: the input, how images are made, and which layers are special."""
    from archdsl.compiler.builder import classifier_names

    network, model = spec.network(), published().get(spec.name)
    head = network.head
    names = set() if head is None or not network.classes else classifier_names(head)
    found: dict[str, Any] = {
        "input_size": network.input,
        "num_classes": network.classes,
        "pool_size": None,
        "first_conv": f"{network.stem[0].address}.conv" if network.stem else None,
        "classifier": next((name.rpartition(".")[0] for name in sorted(names)), None),
        "notes": ("archdsl",),
    }
    seen = None if model is None else model.seen
    if seen is not None:
        found |= {
            "crop_pct": seen.crop,
            "mean": seen.mean,
            "std": seen.std,
            "interpolation": seen.interpolation,
        }
    return found
