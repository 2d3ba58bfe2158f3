"""fvcore's tracer with the complete table: every operator counted, free, or refused.

fvcore as it comes skips operators that it does not know, control flow of TorchScript, and work
whose result is thrown away. Here nothing is skipped: an operator has a rule, is on the list of
free ones, or ends the count; and every tensor that the program makes is kept as an output, so
that the tracer has no dead code to drop.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from archdsl.cost.contractions import CONTRACTIONS, NoExactCount, Rule
from archdsl.cost.flow import Flow
from archdsl.cost.free import FREE
from archdsl.cost.operators import rules

with warnings.catch_warnings():
    # fvcore scripts a few functions as it is imported
    warnings.filterwarnings("ignore", r".*torch\.jit\.\w+` is (deprecated|not supported)")
    from fvcore.nn.jit_analysis import JitModelAnalysis


class Refused(Exception):
    """No exact count. path: the module inside the layer where the trouble is, may be empty."""

    def __init__(self, problem: str, path: str) -> None:
        super().__init__(problem)
        self.path = path


def whole_number(found: object, who: str, path: str) -> int:
    """What somebody's own counting gave, if it is a count. Raises Refused for anything else."""
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise Refused(f"{who} gave {found!r}, and a count is an int that is not negative", path)
    return found


def trace_macs(module: nn.Module, x: Tensor) -> int:
    """The MACs of `module(x)`. Raises Refused, and whatever the module raises."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*torch\.jit\.\w+` is (deprecated|not supported)")
        tracer = _Tracer(_Whole(module), (x,))
        total = tracer.total()
    for refused in tracer.refusals:
        raise refused
    assert isinstance(total, int)
    return total


class _Whole(nn.Module):
    """A layer whose outputs are its own and every tensor made on the way."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.eval()

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        with _Kept() as kept:
            out = self.layer(x)
        # detached, because the tracer takes no output that no operator made
        return tuple(tensor.detach() for tensor in (*_tensors(out), *kept.tensors))


class _Kept(TorchFunctionMode):
    """Keeps every tensor that a torch function returns."""

    def __init__(self) -> None:
        super().__init__()
        self.tensors: list[Tensor] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        self.tensors.extend(_tensors(result))
        return result


def _tensors(result: Any) -> list[Tensor]:
    if isinstance(result, Tensor):
        # inside a vmap a tensor is a view that cannot leave it
        return [] if torch._C._functorch.is_functorch_wrapped_tensor(result) else [result]
    if isinstance(result, (tuple, list)) and not isinstance(result, torch.Size):
        return [tensor for item in result for tensor in _tensors(item)]
    return []


class _Tracer(JitModelAnalysis):  # type: ignore[misc]
    def __init__(self, model: nn.Module, inputs: tuple[Tensor]) -> None:
        super().__init__(model, inputs)
        self.refusals: list[Refused] = []
        self._flow = Flow(self._accuse, self._acquit)
        self._accused: list[Refused] = []
        self.clear_op_handles()
        self._ignored_ops = FREE
        self.set_op_handle(**{name: self._counted(name, rule) for name, rule in rules().items()})
        self.unsupported_ops_warnings(False)
        self.uncalled_modules_warnings(False)

    def _accuse(self, problem: str, node: Any) -> int:
        self._accused.append(Refused(problem, _path(node)))
        self.refusals.append(self._accused[-1])
        return len(self._accused) - 1

    def _acquit(self, number: int) -> None:
        if self._accused[number] in self.refusals:
            self.refusals.remove(self._accused[number])

    def _counted(self, name: str, rule: Rule) -> Callable[[list[Any], list[Any]], int]:
        def count(inputs: list[Any], outputs: list[Any]) -> int:
            if name in CONTRACTIONS and any(map(_is_complex, (*inputs, *outputs))):
                raise NoExactCount(
                    "it multiplies complex numbers, four MACs or three each.  write it with real "
                    "ones, or give the module a method `macs`"
                )
            return rule([_plain(value) for value in inputs], [_plain(value) for value in outputs])

        def handle(inputs: list[Any], outputs: list[Any]) -> int:
            node = (outputs or inputs)[0].node()
            path = _path(node)
            if outputs:
                self._flow.see(node)
            try:
                return whole_number(count(inputs, outputs), f"the rule for {name}", path)
            except NoExactCount as error:
                raise Refused(f"{name}: {error}", path) from None
            except Refused:
                raise
            except Exception as error:
                raise Refused(
                    f"the rule for {name} fails: {type(error).__name__}: {error}", path
                ) from error

        return handle

    def _should_ignore_node(self, node: Any) -> bool:
        """What has no rule: fvcore asks whether to skip it."""
        self._flow.see(node)
        kind = _kind(node)
        if kind not in FREE:
            self.refusals.append(Refused(_no_rule(kind), _path(node)))
        elif kind in ("aten::index", "aten::index_put", "aten::index_put_") and _masks(node):
            self.refusals.append(
                Refused(
                    "indexing with a mask gives a shape that depends on the data.  write it with "
                    "torch.where or masked_fill",
                    _path(node),
                )
            )
        return True


def _no_rule(kind: str) -> str:
    if kind in ("prim::CallFunction", "prim::CallMethod", "prim::If", "prim::Loop"):
        return (
            "a TorchScript function cannot be counted.  call the plain Python function, or give "
            "the module a method `macs`"
        )
    return (
        f'{kind} has no counting rule.  write one, @archdsl.macs("{kind}"), that returns its '
        "MACs, or 0 where it is free; or give the module a method `macs`"
    )


def _kind(node: Any) -> str:
    kind: str = node.kind()
    return f"{kind}.{node.pyname()}" if kind == "prim::PythonOp" else kind


def _path(node: Any) -> str:
    """Where a node stands: the path of the innermost module, inside the layer."""
    innermost: str = node.scopeName().split("/")[-1]
    return innermost.removeprefix("layer").removeprefix(".")


def _plain(value: Any) -> Any:
    """A traced value as rules take it; see contractions.py."""
    if isinstance(value.type(), torch._C.TensorType):
        shape = _shape(value)
        if shape is None:
            raise NoExactCount("the tracer does not know the shapes")
        return shape
    node = value.node()
    if node.kind() in ("prim::ListConstruct", "prim::TupleConstruct"):
        return [_plain(item) for item in node.inputs()]
    return value.toIValue() if node.kind() == "prim::Constant" else None


def _shape(value: Any) -> tuple[int, ...] | None:
    sizes = value.type().sizes()
    return None if sizes is None else tuple(sizes)


def _is_complex(value: Any) -> bool:
    if not isinstance(value.type(), torch._C.TensorType):
        return False
    dtype = value.type().dtype()
    return dtype is not None and bool(dtype.is_complex)


def _masks(node: Any) -> bool:
    """Whether one of the indices of x[i, j, ...] is a tensor of booleans."""
    indices = list(node.inputs())[1].node()
    return any(
        isinstance(v.type(), torch._C.TensorType) and v.type().dtype() in (torch.bool, torch.uint8)
        for v in indices.inputs()
    )
