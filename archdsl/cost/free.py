"""The operators that cost no MACs, by name. What is neither here nor a contraction is refused.

Left out on purpose, because their work is a contraction under another name or has no count
that shapes alone decide: `cdist`, `cosine_similarity`, `bilinear`, `affine_grid_generator`,
decompositions and solvers, and whatever gives shapes that depend on the data (`nonzero`,
`masked_select`, `unique`).
"""

from __future__ import annotations

_ELEMENTWISE = """
abs acos acosh add addcdiv addcmul asin asinh atan atan2 atanh bitwise_and bitwise_not bitwise_or
bitwise_xor ceil clamp clamp_max clamp_min clip complex copysign cos cosh div divide eq erf erfc
exp exp2 expm1 floor floor_divide fmax fmin fmod frac ge gt heaviside hypot isfinite isinf isnan
ldexp le lerp log log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor logit
lt masked_fill maximum minimum mul multiply nan_to_num ne neg negative positive pow reciprocal
remainder round rsqrt rsub sgn sign sin sinc sinh sqrt square sub subtract tan true_divide trunc
where xlogy __and__ __or__ __xor__
"""

_ACTIVATIONS = """
celu elu gelu glu hardshrink hardsigmoid hardswish hardtanh leaky_relu log_sigmoid log_softmax mish
prelu _prelu_kernel relu relu6 rrelu selu sigmoid silu softmax softplus softshrink tanh threshold
_softmax _log_softmax _safe_softmax
"""

_NORMS = """
batch_norm group_norm instance_norm layer_norm rms_norm native_batch_norm native_group_norm
native_layer_norm _native_batch_norm_legit_no_training linalg_vector_norm norm frobenius_norm std
std_mean var var_mean _weight_norm _weight_norm_interface
"""

_REDUCTIONS = """
all amax amin aminmax any argmax argmin argsort logsumexp max mean median min nansum prod sort sum
topk
"""

_POOLING = """
adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d
adaptive_max_pool3d avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool1d_with_indices max_pool2d
max_pool2d_with_indices max_pool3d max_pool3d_with_indices
"""

_RESAMPLING = """
grid_sampler grid_sampler_2d grid_sampler_3d upsample_bicubic2d upsample_bilinear2d
upsample_linear1d upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_trilinear3d
_upsample_bicubic2d_aa _upsample_bilinear2d_aa _upsample_nearest_exact1d _upsample_nearest_exact2d
_upsample_nearest_exact3d
"""

_MOVES = """
adjoint alias atleast_1d atleast_2d atleast_3d broadcast_tensors broadcast_to cat channel_shuffle
chunk clone col2im concat concatenate constant_pad_nd contiguous copy copy_ detach detach_ diagonal
dsplit dstack embedding expand expand_as fft_fftshift fft_ifftshift fill fill_ flatten flip fliplr
flipud gather hsplit hstack im2col imag index_add index_add_ index_copy index_fill index_put
index_put_ index_select mH mT masked_fill_ meshgrid moveaxis movedim narrow native_channel_shuffle
numpy_T one_hot pad permute pixel_shuffle pixel_unshuffle ravel real reflection_pad1d
reflection_pad2d reflection_pad3d repeat replication_pad1d replication_pad2d replication_pad3d
reshape reshape_as resolve_conj resolve_neg roll rot90 row_stack scatter scatter_ scatter_add
scatter_add_ select slice split split_with_sizes squeeze squeeze_ stack swapaxes swapdims t
take_along_dim tensor_split tile to transpose transpose_ tril tril_ triu triu_ type_as unbind
unflatten unfold unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze unsqueeze_ view view_as
view_as_complex view_as_real vsplit vstack zero_ index
"""

_CREATION = """
arange empty empty_like eye full full_like lift_fresh linspace new_empty new_full new_ones new_zeros
ones ones_like scalar_tensor tril_indices triu_indices zeros zeros_like
"""

_NUMBERS = """
Bool Float FloatImplicit Int IntImplicit ScalarImplicit dim is_complex is_floating_point len numel
size stride sym_numel sym_size
"""

_IDENTITIES_IN_EVAL = """
alpha_dropout alpha_dropout_ dropout dropout_ feature_alpha_dropout feature_alpha_dropout_
feature_dropout feature_dropout_
"""

_in_place = [f"{name}_" for name in (*_ELEMENTWISE.split(), *_ACTIVATIONS.split())]

FREE: frozenset[str] = frozenset(
    f"aten::{name}"
    for group in (
        _ELEMENTWISE, _ACTIVATIONS, _NORMS, _REDUCTIONS, _POOLING, _RESAMPLING, _MOVES,
        _CREATION, _NUMBERS, _IDENTITIES_IN_EVAL,
    )
    for name in group.split()
) | frozenset(f"aten::{name}" for name in _in_place) | frozenset(
    # the tracer's own bookkeeping; control flow and calls into Python or TorchScript are not
    f"prim::{name}"
    for name in (
        "Constant", "ListConstruct", "ListUnpack", "NumToTensor", "TupleConstruct", "TupleIndex",
        "TupleUnpack", "device", "dtype",
    )
)  # fmt: skip

MOVES: frozenset[str] = frozenset(f"aten::{name}" for name in _MOVES.split())
"""Free operators that only move elements: what goes in is what comes out."""
