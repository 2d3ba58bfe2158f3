"""What each built-in component costs, written by hand: MACs and deployed parameters.

A form takes the component's options (`o`), the width (`c`), the number of positions (`n`), and
what the context says beside them (`k`), and returns (macs, params).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archdsl.compiler.network import Layer
from archdsl.components.component import Component

Pair = tuple[int, int]
Form = Callable[[dict[str, Any], int, int, dict[str, Any]], Pair]


def expected(layer: Layer) -> Pair:
    """(MACs, deployed parameters) of a layer, by hand."""
    context = dict(layer.context)
    context["in_size"], context["out_size"] = layer.in_shape[1:], layer.out_shape[1:]
    c, height, width = layer.in_shape
    return component_cost(layer.component, c, height * width, context)


def component_cost(made: Component, c: int, n: int, k: dict[str, Any]) -> Pair:
    return FORMS[made.kind, made.type](dict(made.options), c, n, k)


def together(*pairs: Pair) -> Pair:
    return sum(macs for macs, _ in pairs), sum(params for _, params in pairs)


def dense(n: int, c_in: int, c_out: int, bias: bool) -> Pair:
    """The same linear map at n places."""
    return n * c_in * c_out, c_in * c_out + bias * c_out


def windows(n: int, c: int, kernel: int, bias: bool) -> Pair:
    """A depthwise convolution onto n positions."""
    return n * c * kernel**2, c * kernel**2 + bias * c


def norm(made: Component | None, c: int) -> Pair:
    return (0, 0) if made is None else component_cost(made, c, 1, {})


def act(made: Component | None) -> Pair:
    return (0, 0) if made is None else component_cost(made, 0, 1, {})


def folds(made: Component | None) -> bool:
    return made is not None and made.type == "batch_norm"


def sep_conv(o, c, n, k):
    hidden = int(c * o["ratio"])
    return together(
        dense(n, c, hidden, o["bias"]),
        act(o["act"]),
        windows(n, hidden, o["kernel"], o["bias"]),
        dense(n, hidden, c, o["bias"]),
    )


def attention(o, c, n, k):
    products = 2 * n * n * c  # q·k and coefficients·v over all heads
    projections = together(dense(n, c, 3 * c, o["qkv_bias"]), dense(n, c, c, o["proj_bias"]))
    return together(projections, (products, 0))


def window_attention(o, c, n, k):
    """Padding takes part inside the windows; the projection is of the map alone."""
    height, width = k["size"]
    rows, columns = min(o["window"], height), min(o["window"], width)
    padded = -(-height // rows) * rows * -(-width // columns) * columns
    heads, offsets = c // o["head_dim"], (2 * rows - 1) * (2 * columns - 1)
    return together(
        dense(padded, c, 3 * c, o["qkv_bias"]),
        dense(n, c, c, o["proj_bias"]),
        (2 * padded * rows * columns * c, heads * offsets),
    )


def aggregated_attention(o, c, n, k):
    """To a window and to the pooled map; keys and values of both come from one linear layer."""
    heads, slots = c // o["head_dim"], o["window"] ** 2
    sides = [o["pool_size"] or max(1, side // o["pool"]) for side in k["in_size"]]
    pooled = sides[0] * sides[1]
    return together(
        dense(n, c, c, o["bias"]),
        dense(n, c, 2 * c, o["bias"]),
        (pooled * c * 2 * c, 0),
        dense(n, c, c, True),  # before the pooling, whose norm follows
        (0, 2 * c),
        dense(n, c, c, True),
        (n * c * (3 * slots + 2 * pooled), c * slots + 2 * heads * slots),  # learned tokens, too
        cosine(heads, c),
    )


def cosine_attention(o, c, n, k):
    products = (2 * n * n * c, 0)
    projections = together(dense(n, c, 3 * c, o["bias"]), dense(n, c, c, True))
    return together(projections, products, cosine(c // o["head_dim"], c))


def cosine(heads, c):
    """A temperature, an embedding of the query, a network of position biases kept in eval."""
    return 0, heads + c + 2 * 512 + 512 + 512 * heads + heads


def spatial_mlp(o, c, n, k):
    if o["ratio"] is None:
        return c * n * n, n * n + o["bias"] * n
    hidden = int(c * o["ratio"])
    return together(dense(c, n, hidden, o["bias"]), act(o["act"]), dense(c, hidden, n, o["bias"]))


def mlp(o, c, n, k):
    hidden = int(c * o["ratio"])
    return together(dense(n, c, hidden, o["bias"]), act(o["act"]), dense(n, hidden, c, o["bias"]))


def glu(o, c, n, k):
    hidden = 2 * int(c * o["ratio"]) // 3
    return together(
        dense(n, c, 2 * hidden, o["bias"]), act(o["act"]), dense(n, hidden, c, o["bias"])
    )


def conv_glu(o, c, n, k):
    hidden = 2 * int(c * o["ratio"]) // 3
    return together(glu(o, c, n, k), windows(n, hidden, o["kernel"], o["bias"]))


def meta_mixer(o, c, n, k):
    key = o["key"].type if o["key"] is not None else "none"
    coefficients = int(c * o["key"]["ratio"]) if key == "pointwise" else c
    left = c if o["value"].type in ("pointwise", "dynamic") else coefficients
    parts = [
        act(o["act"]),
        component_cost(o["value"], coefficients, n, {"dim": c}),
    ]
    for part in (o["query"], o["key"]):
        if part is not None:
            parts.append(component_cost(part, c, n, {}))
    if o["out"] is not None:
        parts.append(component_cost(o["out"], left, n, {"dim": c}))
    if key == "dynamic":
        parts.append((2 * n * n * c, 0))
    return together(*parts)


def conv(o, c, n, k):
    height, width = k["out_size"]
    out, groups = k["dim_out"], o["groups"]
    bias = o["bias"]
    if bias is None:
        bias = not (folds(o["norm"]) or folds(o["pre_norm"]))
    before, after = norm(o["pre_norm"], c), norm(o["norm"], out)
    padding = o["kernel"] // 2 if o["padding"] is None else o["padding"]
    if folds(o["norm"]):
        after, bias = (0, 0), True  # folded, and its shift is a bias now
    if folds(o["pre_norm"]) and padding == 0 and groups == 1:
        before, bias = (0, 0), True
    weights = o["kernel"] ** 2 * (c // groups) * out
    own = (height * width * weights, weights + bias * out)
    return together(before, own, after, act(o["act"]))


def patch_merge(o, c, n, k):
    height, width = k["out_size"]
    return together(norm(o["norm"], 4 * c), dense(height * width, 4 * c, k["dim_out"], o["bias"]))


def rep_depthwise(o, c, n, k):
    """Two windows and their batch norms become one window with a bias."""
    height, width = k.get("out_size", (n, 1))
    return windows(height * width, k.get("dim_out", c), o["kernel"], True)


def residual(o, c, n, k):
    """A bare 1x1 convolution takes its input in, as a one on the diagonal, and gets a bias."""
    macs, params = component_cost(o["of"], c, n, k)
    of = dict(o["of"].options)
    bare = o["of"].type == "conv" and of["kernel"] == 1 and of["groups"] == 1
    bare = bare and of["act"] is None and of["bias"] is False
    bare = bare and of["norm"] is None and of["pre_norm"] is None
    return macs, params + bare * k["dim_out"]


def query_depthwise(o, c, n, k):
    bias = not folds(o["norm"]) if o["bias"] is None else o["bias"]
    after = (0, 0) if folds(o["norm"]) else norm(o["norm"], c)
    return together(windows(n, c, o["kernel"], bias or folds(o["norm"])), after)


def query_pointwise(o, c, n, k):
    after = (0, 0) if folds(o["norm"]) else norm(o["norm"], c)
    return together(dense(n, c, c, o["bias"] or folds(o["norm"])), after)


def head_norms(o, c):
    return together(norm(o["norm"], c), norm(o["pool_norm"], c))


def linear_head(o, c, n, k):
    classifier = dense(1, c, k["classes"], True) if k["classes"] else (0, 0)
    return together(head_norms(o, c), classifier)


def mlp_head(o, c, n, k):
    hidden = int(c * o["ratio"])
    return together(
        head_norms(o, c),
        dense(1, c, hidden, True),
        act(o["act"]),
        norm(o["hidden_norm"], hidden),
        dense(1, hidden, k["classes"], True),
    )


def nothing(o, c, n, k):
    return 0, 0


FORMS: dict[tuple[str, str], Form] = {
    ("token_mixer", "pooling"): nothing,
    ("token_mixer", "identity"): nothing,
    ("token_mixer", "sep_conv"): sep_conv,
    ("token_mixer", "depthwise"): lambda o, c, n, k: windows(n, c, o["kernel"], o["bias"]),
    ("token_mixer", "aggregated_attention"): aggregated_attention,
    ("token_mixer", "attention"): attention,
    ("token_mixer", "cosine_attention"): cosine_attention,
    ("token_mixer", "random"): lambda o, c, n, k: (n * n * c, n * n),
    ("token_mixer", "window_attention"): window_attention,
    ("token_mixer", "spatial_mlp"): spatial_mlp,
    ("token_mixer", "meta_mixer"): meta_mixer,
    ("channel_mixer", "meta_mixer"): meta_mixer,
    ("channel_mixer", "mlp"): mlp,
    ("channel_mixer", "glu"): glu,
    ("channel_mixer", "conv_glu"): conv_glu,
    ("norm", "layer_norm"): lambda o, c, n, k: (0, c + o["bias"] * c),
    ("norm", "group_norm"): lambda o, c, n, k: (0, c + o["bias"] * c),
    ("norm", "rms_norm"): lambda o, c, n, k: (0, c),
    ("norm", "affine"): lambda o, c, n, k: (0, 2 * c),
    ("norm", "batch_norm"): lambda o, c, n, k: (0, 2 * c),
    ("layer", "conv"): conv,
    ("layer", "patch_merge"): patch_merge,
    ("layer", "rep_depthwise"): rep_depthwise,
    ("layer", "residual"): residual,
    ("query", "pointwise"): query_pointwise,
    ("query", "depthwise"): query_depthwise,
    ("query", "rep_depthwise"): rep_depthwise,
    ("key", "pointwise"): lambda o, c, n, k: dense(n, c, int(c * o["ratio"]), o["bias"]),
    ("key", "depthwise"): lambda o, c, n, k: windows(n, c, o["kernel"], o["bias"]),
    ("key", "rep_depthwise"): rep_depthwise,
    ("key", "dynamic"): lambda o, c, n, k: dense(n, c, c, o["bias"]),
    ("value", "pointwise"): lambda o, c, n, k: dense(n, c, k["dim"], o["bias"]),
    ("value", "depthwise"): lambda o, c, n, k: windows(n, c, o["kernel"], o["bias"]),
    ("value", "rep_depthwise"): rep_depthwise,
    ("value", "pooling"): nothing,
    ("value", "dynamic"): lambda o, c, n, k: dense(n, c, k["dim"], o["bias"]),
    ("out", "pointwise"): lambda o, c, n, k: dense(n, c, k["dim"], o["bias"]),
    ("pos_embed", "learned"): lambda o, c, n, k: (0, c * n),
    ("head", "linear"): linear_head,
    ("head", "mlp"): mlp_head,
    ("act", "star_relu"): lambda o, c, n, k: (0, 2),
    ("act", "prelu"): lambda o, c, n, k: (0, 1),
    **{
        ("act", name): nothing
        for name in (
            "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "identity",
            "leaky_relu", "logsigmoid", "mish", "relu", "relu6", "rrelu", "selu", "sigmoid", "silu",
            "softmax", "softplus", "softshrink", "softsign", "squared_relu", "tanh", "tanhshrink",
            "threshold",
        )
    },
}  # fmt: skip
