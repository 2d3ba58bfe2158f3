"""The verbs. Everything here takes a spec, a shipped name, a path or a mapping."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from archdsl import given, shipped
from archdsl.compiler.network import Network
from archdsl.errors import BuildError, SearchError, SpecError
from archdsl.language import load as reading
from archdsl.language.document import Document
from archdsl.language.sandbox import Reach, Sandbox
from archdsl.loading import finished, looked_at
from archdsl.printable import shown
from archdsl.specification import Spec

if TYPE_CHECKING:
    from torch import nn

    from archdsl.compiler.backbone import Backbone
    from archdsl.compiler.builder import Built
    from archdsl.cost import Cost
    from archdsl.exporters import Files
    from archdsl.spaces import Space
    from archdsl.study import Candidate, ProxyCheck, Result

Specish: TypeAlias = "Spec | str | Path | Mapping[str, Any]"


def load(
    x: Specish,
    set: Mapping[str, Any] | None = None,
    *,
    imports: bool = True,
    sandbox: bool = False,
) -> Spec:
    """A spec from a shipped spec's name, a path, a mapping, or another spec.

    The path of a run directory stands for the best trial on its record.

    set: address -> value, as `--set` on the command line: `{"stages.2.depth": 6}`
    imports: whether `imports:` may run Python
    sandbox: whether it may be a stranger's: it reads no file outside of its folder but shipped
        specs, and runs no Python; so does whatever is made of it
    Raises SpecError for a spec that is not right, and for a component of the user's own that does
    not give what its place expects: each is run once.
    """
    patches = _patches(set)
    reach = _reach(sandbox)
    if isinstance(x, Spec) and not patches and isinstance(x.document.reach, reach):
        return looked_at(x)
    return looked_at(_finished(_document(x, reach), patches, imports))


def unproven(x: Mapping[str, Any]) -> Spec:
    """A spec whose own components were not run. Raises SpecError for one that is not right."""
    spec = _finished(_document(x, Reach), {}, True)
    spec.own = ()  # so that no verb runs them
    return spec


def loads(
    text: str,
    set: Mapping[str, Any] | None = None,
    *,
    imports: bool = True,
    sandbox: bool = False,
) -> Spec:
    """A spec from a text of YAML. Raises SpecError.

    sandbox: as of `load`; a text has no folder, so that it reads shipped specs alone
    """
    if not isinstance(text, str):
        raise SpecError(f"loads takes a text of YAML, and not {given.kind(text)}", cure="use  load")
    reach = _reach(sandbox)
    document = reading.document_from_text(text, reach=reach.of_text("<text>"))
    return looked_at(_finished(document, _patches(set), imports))


def dump(x: Specish) -> str:
    """The spec as canonical YAML: `load(dump(x)) == x`."""
    return load(x).dump()


@overload
def build(
    x: Specish,
    weights: str | Path | None = None,
    classes: int | None = None,
    *,
    drop_head: bool = False,
    ema: bool | None = None,
) -> Built: ...
@overload
def build(
    x: Specish,
    weights: str | Path | None = None,
    *,
    features: Sequence[int],
    ema: bool | None = None,
) -> Backbone: ...
def build(
    x: Specish,
    weights: str | Path | None = None,
    classes: int | None = None,
    *,
    features: Sequence[int] | None = None,
    drop_head: bool = False,
    ema: bool | None = None,
) -> Built | Backbone:
    """The module of a spec; a space gives its default member.

    weights: a state dict in a file (safetensors, or what torch.save wrote) by archdsl's own
        names or by those it was published under, also where trainers wrapped it; those of a
        deployed form give the model in that form. Or a folder with weights: one that `save`
        wrote, or a run directory, for those of its winner
    classes: another number of classes than the spec's
    features: indices of stages, from 0: the module gives their maps, and has no head
    drop_head: start the classifier afresh, whatever the file has for it
    ema: of a file with averaged weights beside the others, whether to take those; by default the
        others are taken, and a warning says so
    Raises SpecError for a bad spec, and BuildError for weights that do not fit and for stages
    that are not there.
    """
    from archdsl.compiler.backbone import Backbone, chosen
    from archdsl.compiler.builder import build as build_network

    given.truth("drop_head", drop_head, BuildError)
    if ema is not None:
        given.truth("ema", ema, BuildError)
    if features is not None and (classes is not None or drop_head):
        about = "classes" if classes is not None else "drop_head"
        raise BuildError(f"{about} is about a head, and with features there is none: drop it")
    if weights is not None:
        weights = given.path("weights", weights, BuildError)
    elif drop_head or ema is not None:
        about = "drop_head" if drop_head else "ema"
        raise BuildError(f"{about} is about weights from a file, and there is none: drop it")
    spec = load(x, set=None if classes is None else {"classes": classes})
    network = spec.network()
    if features is not None:
        chosen(features, len(network.stages))
    model = build_network(network)
    model.spec_text = spec.as_text()
    if weights is not None:
        model = _with_weights(model, weights_of(weights), features, drop_head, ema)
    return model if features is None else Backbone(model, features)


def save(model: nn.Module, path: str | Path) -> Path:
    """Write a model that `build`, `load_model` or `fuse` gave, and return where it is.

    The model stays as it was. What is there already is replaced, a folder only where `save`
    wrote it, and whoever reads it sees the old weights, the new ones, or none.

    path: a `.safetensors` file for the weights alone, which `build(spec, weights=path)` reads; or
        a folder, for `load_model`: the spec without holes as `spec.yaml`, `model.safetensors`,
        the Python that the spec imports from files, `config.json` and a model card, `README.md`
    Raises BuildError for a model that archdsl did not build, for one without numbers (on the meta
    device), and for a place that cannot be written to.
    """
    from archdsl import saving

    where = given.path("path", path, BuildError)
    text = str.__str__(path) if isinstance(path, str) else ""
    saving.save(model, where, as_folder=text.endswith(("/", os.sep)))
    return where


def load_model(
    folder: str | Path, *, imports: bool = True, sandbox: bool = False
) -> Built | Backbone:
    """The model that `save` wrote into a folder, or the winner of a run directory, with weights.

    Numbers and their types are those that were saved; a deployed form, or a backbone
    (`features`), is one again. The model is in training mode, as `build` gives it. Its `metadata`
    is what the weights file says beside the weights, as text by name; `save` writes it again.

    imports, sandbox: as of `load`
    Raises SpecError for a folder that is neither, and BuildError for weights that do not fit.
    """
    from archdsl.checkpoints import origin_of
    from archdsl.compiler.backbone import Backbone, chosen
    from archdsl.compiler.builder import build as build_network

    where = given.path("folder", folder, BuildError)
    if not where.is_dir():
        raise BuildError(
            f"there is no folder {where}.  load_model takes one that archdsl.save wrote, or a run "
            "directory; archdsl.build(spec, weights=...) takes a file"
        )
    spec = load(where, imports=imports, sandbox=sandbox)
    file = weights_of(where)
    origin = origin_of(file)
    features = None if origin is None else origin.features
    network = spec.network()
    if features is not None:
        chosen(features, len(network.stages))
    model = build_network(network)
    model.spec_text = spec.as_text()
    model = _with_weights(model, file, features, drop_head=False, ema=None, dtypes=True)
    return model if features is None else Backbone(model, features)


def weights_of(path: Path) -> Path:
    """The file with the weights that a file or a folder stands for. Raises BuildError."""
    from archdsl import saving

    return saving.weights_of(path)


def _with_weights(
    model: Built,
    path: Path,
    features: Sequence[int] | None,
    drop_head: bool,
    ema: bool | None,
    *,
    dtypes: bool = False,
) -> Built:
    import warnings

    from archdsl.checkpoints import head_names, load_published
    from archdsl.compiler.backbone import left_out

    classifier = head_names(model.network) if drop_head or features is not None else frozenset()
    beside = () if features is None else left_out(model.network, features)

    def unused(names: Iterable[str]) -> frozenset[str]:
        return classifier | {name for name in names if name.startswith(beside)}

    model, notes = load_published(
        model, path, unused=unused, others=baselines, ema=ema, dtypes=dtypes
    )
    for note in notes:
        warnings.warn(f"{path}: {note}", stacklevel=3)
    return model


def baselines() -> Iterator[Network]:
    """The networks of the published models, one after another."""
    for name in shipped.names(shipped.BASELINES):
        yield load(name).network()


def count(x: Specish) -> Cost:
    """What a spec costs, as exact integers: `.macs`, `.params`, ..., `.by_address`.

    Raises CountError for a component with an operator that has no counting rule.
    """
    from archdsl.cost import count as count_network

    return count_network(load(x).network())


def fuse(model: nn.Module) -> nn.Module:
    """A copy of a model in its deployed form: branches and a layer's own batch norm folded."""
    from torch import nn

    from archdsl.nn.fuse import fuse as fused

    if not isinstance(model, nn.Module):
        raise BuildError(
            f"fuse takes a model, and not {given.kind(model)}.  write  "
            "archdsl.fuse(archdsl.build(spec))"
        )
    return fused(model)


def space(x: Specish) -> Space:
    """The space of a spec with holes; a plain spec is a space of one."""
    from archdsl.spaces import Space

    return Space(load(x))


def search(
    x: Specish | Space,
    evaluate: Callable[[Candidate], float | dict[str, float]] | None = None,
    out: str | Path | None = None,
    *,
    listener: Callable[[object], None] | Literal["progress"] | None = "progress",
    salvage: bool = False,
    **overrides: Any,
) -> Result:
    """Search a space inside its budget and return the result.

    evaluate: `evaluate(candidate) -> float | dict` instead of training the proxy; a float is
        the first objective
    out: the run directory; the same directory again resumes. By default proxy training goes to
        `runs/NAME`, and a search with its own `evaluate` leaves no record
    listener: called with every event of the run (`archdsl.study.events`). "progress" shows how far
        it is: a table on a terminal or below the cell of a notebook, else lines on standard error;
        None says nothing
    salvage: where the record is damaged, go on from what stands before the damage; the damaged
        file is kept beside it
    overrides: settings of the `search:` section, as `trials=40, budget={"macs": "2G"}`
    Raises SearchError for a search that cannot start or go on.
    """
    from archdsl.study import search as run

    searched, where = _searched(x, evaluate, out, listener, overrides)
    with ExitStack() as stack:
        return run(
            searched,
            evaluate=evaluate,
            out=where,
            settings=searched.spec.settings(),
            listener=_heard(listener, stack),
            salvage=salvage,
        )


def proxy_check(
    x: Specish | Space,
    evaluate: Callable[[Candidate], float | dict[str, float]] | None = None,
    out: str | Path | None = None,
    *,
    members: int = 20,
    seeds: int = 3,
    final_epochs: int | None = None,
    listener: Callable[[object], None] | Literal["progress"] | None = "progress",
    salvage: bool = False,
    **overrides: Any,
) -> ProxyCheck:
    """Find out how far a space's proxy orders architectures as longer trainings do.

    members: how many architectures are trained, spread over the budget
    seeds: how often each is, under the proxy and under the final schedule
    final_epochs: of the final schedule; by default those of `search.final`, else the proxy's
    out: the folder of its record; the same check goes on there. By default
        `runs/NAME-proxy-check`, and with an `evaluate` there is none
    evaluate, listener, salvage, overrides: as of `search`
    Raises SearchError for a check that cannot start or go on.
    """
    from archdsl.study import proxy_check as check

    searched, where = _searched(x, evaluate, out, listener, overrides)
    with ExitStack() as stack:
        return check(
            searched,
            evaluate=evaluate,
            out=where,
            settings=searched.spec.settings(),
            members=members,
            seeds=seeds,
            final_epochs=final_epochs,
            listener=_heard(listener, stack),
            salvage=salvage,
        )


def _searched(
    x: Specish | Space, evaluate: object, out: object, listener: object, overrides: dict[str, Any]
) -> tuple[Space, Path | None]:
    """The space with its settings, and the folder, of what was given. Raises ArchError."""
    from archdsl.spaces import Space

    given.function("evaluate", evaluate, SearchError)
    shows = isinstance(listener, str) and listener == "progress"
    if not (shows or listener is None or callable(listener)):
        raise SearchError(f'listener is a function, "progress" or None, and not {shown(listener)}')
    where = None if out is None else given.path("out", out, SearchError)
    searched = x if isinstance(x, Space) else space(x)
    if overrides:
        patches = {f"search.{key}": value for key, value in overrides.items()}
        searched = Space(load(searched.spec, set=patches))
    return searched, where


def _heard(
    listener: Callable[[object], None] | Literal["progress"] | None, stack: ExitStack
) -> Callable[[object], None] | None:
    """Who is told; a display is there for as long as the stack is."""
    from archdsl.display.choice import for_python

    return listener if not isinstance(listener, str) else stack.enter_context(for_python())


@overload
def export(
    x: Specish,
    to: Literal["code"] = "code",
    path: str | Path | None = None,
    *,
    weights: str | Path | None = None,
    check: bool | None = None,
) -> str: ...
@overload
def export(
    x: Specish,
    to: str,
    path: str | Path | None = None,
    *,
    weights: str | Path | None = None,
    features: Sequence[int] | None = None,
    fused: bool = False,
    opset: int | None = None,
    check: bool | None = None,
) -> str | bytes | Files: ...
def export(
    x: Specish,
    to: str = "code",
    path: str | Path | None = None,
    *,
    weights: str | Path | None = None,
    features: Sequence[int] | None = None,
    fused: bool = False,
    opset: int | None = None,
    check: bool | None = None,
) -> str | bytes | Files:
    """A spec in a form that needs no archdsl: as code, the text of a program on torch alone.

    The winner of a search carries its class names and the preprocessing of its images.

    A form of several files gives name -> content; `archdsl.exporters.registry` has the forms.
    path: where to write it: a file, or a folder for several
    weights: a state dict in a file, as `build` takes it, or a folder with one. For a form that
        carries weights, a folder `x` stands for its own; without any they are fresh, from seed 0.
        For one that carries none they are for the check alone
    features: indices of stages, from 0: their maps instead of logits
    fused: the deployed form, as `fuse` gives it
    opset: the version of ONNX's operators
    check: whether what is exported is compared with the model, in eval, on validation images where
        the data of a run or of the spec can be read, else on drawn ones; by default it is where
        there are weights, and the form can be run
    Raises ExportError for a form that does not exist, for a component that needs more, and for
    what the form does not carry; and ExportDiffers, with nothing written, where what is exported
    does not say what the model says.
    """
    from archdsl.exporting import Order, exported

    spec = load(x)
    folder = Path(x) if isinstance(x, (str, Path)) and Path(x).is_dir() else None
    order = Order(to, path, weights, features, fused, opset, check, folder)
    return exported(spec, order, lambda file: build(spec, weights=file).state_dict()).content


def _patches(set_: object) -> Mapping[str, Any]:
    if set_ is None:
        return {}
    if not isinstance(set_, Mapping):
        raise SpecError(
            f"set maps addresses to values, and is {given.kind(set_)}",
            cure='write  set={"stages.2.depth": 6}',
        )
    return set_


def _finished(document: Document, patches: Mapping[str, Any], imports: bool) -> Spec:
    given.truth("imports", imports, SpecError)
    return finished(document, patches, imports)


def _reach(sandbox: object) -> type[Reach]:
    return Sandbox if given.truth("sandbox", sandbox, SpecError) else Reach


def _document(x: Specish, reach: type[Reach]) -> Document:
    if isinstance(x, Spec):
        file, reached = x.document.file, x.document.reach
        if not isinstance(reached, reach):
            reached = reach.of_file(Path(file)) if Path(file).is_file() else reach.of_text(file)
        document = reading.document_from_text(x.dump(), file, reached)
        document.folder = x.folder
        document.import_folders = dict(x.document.import_folders)
        document.search_changed = dict(x.document.search_changed)
        return document
    inner = getattr(x, "spec", None)
    if isinstance(inner, Spec):
        return _document(inner, reach)  # a space stands for its spec
    if not isinstance(x, (str, Path, Mapping)):
        raise SpecError(
            f"a spec is a shipped name, a path or a mapping, and not {given.kind(x)}",
            cure='write  archdsl.load("poolformer_s12")  or  archdsl.load("./my.yaml")',
        )
    if isinstance(x, Mapping):
        return reading.document_from_mapping(x, reach.of_text("<mapping>"))
    if isinstance(x, Path) or "/" in x or x.endswith((".yaml", ".yml")):
        if Path(x).is_dir():
            from archdsl.saving import document_of

            return document_of(Path(x), reach)
        return reading.document_from_file(Path(x), reach)
    return reading.document_from_file(shipped.shipped(x), reach)
