"""A model with the methods that timm's models have.

Its state dict is the model's own, so that whatever archdsl wrote loads, and the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from archdsl.checkpoints import renamed
from archdsl.compiler.builder import Built, classifier_names, headed
from archdsl.compiler.network import Layer
from archdsl.components.component import component
from archdsl.errors import BuildError
from archdsl.nn.model import MetaFormer

POOLED = ("avg", "token", "")
"""What timm calls a head's pooling: the mean, the class token, or none and no head either."""


class TimmModel(MetaFormer):
    """Stem, stages and head of a model, as timm uses them. Maps are (B, C, H, W).

    Its forward pass is that of the model, and it takes over the model's parts.

    model: may be one without a head, which has the spec's number of classes 0
    """

    def __init__(self, model: Built, **kwargs: Any) -> None:
        super().__init__(
            stem=model.stem, class_token=model.class_token, stages=list(model.stages),  # type: ignore[arg-type]
            head=model.head,
        )  # fmt: skip
        network = self.network = model.network
        self._own_head = network.head
        self.num_classes, self.in_chans = network.classes, network.input[0]
        self.num_features = self.head_hidden_size = network.stages[-1].dim
        self.feature_info = [
            {"num_chs": stage.dim, "reduction": stage.reduction, "module": stage.address}
            for stage in network.stages
        ]
        self.global_pool = "avg"
        self.grad_checkpointing = False
        self._refuse_rest(kwargs)

    def _refuse_rest(self, rest: Mapping[str, Any]) -> None:
        for name, value in rest.items():
            raise BuildError(
                f"{self.network.name}: timm's {name} = {value!r} is nothing that this model takes: "
                "it knows num_classes, in_chans, img_size, drop_rate, drop_path_rate, global_pool, "
                "features_only and out_indices; of all else its spec decides"
            )

    def forward_features(self, x: Tensor) -> Tensor:
        """(B, C, H, W) images to the last map, (B, dim, h, w), before the head and its norms.

        With a class token: (B, dim, 1 + h·w, 1), the token first.
        """
        return self._through(x, len(self.stages), ())[0]

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """The last map to (B, classes) logits, or to what the classifier is given, (B, features).

        pre_logits: of a head without classes the pooled features, as without it
        """
        if self.head is None:
            return x
        classifier = self.get_classifier() if pre_logits and self.num_classes else None
        if classifier is None:
            logits: Tensor = self.head(x)
            return logits
        given: list[Tensor] = []
        hook = classifier.register_forward_pre_hook(lambda _, args: given.append(args[0]))
        try:
            self.head(x)
        finally:
            hook.remove()
        return given[0]

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) images to (B, classes) logits."""
        return self.forward_head(self.forward_features(x))

    def forward_intermediates(
        self,
        x: Tensor,
        indices: int | Sequence[int] | None = None,
        norm: bool = False,
        stop_early: bool = False,
        output_fmt: str = "NCHW",
        intermediates_only: bool = False,
    ) -> list[Tensor] | tuple[Tensor, list[Tensor]]:
        """(B, C, H, W) images to the maps at the ends of stages, and to the last map before them.

        indices: of stages, negative ones from the end; a number for so many of the last, None
            for all
        norm: has no effect: no norm is left to the maps, as a stage's own is in it
        stop_early: go no further than the last stage that is asked for
        Raises BuildError for another output_fmt, and for a stage that is not there.
        """
        if output_fmt != "NCHW":
            raise BuildError(f"output_fmt is {output_fmt!r}, and maps are NCHW.  leave it out")
        taken = self._indices(indices)
        end = max(taken) + 1 if stop_early else len(self.stages)
        last, maps = self._through(x, end, taken)
        return maps if intermediates_only else (last, maps)

    def prune_intermediate_layers(
        self,
        indices: int | Sequence[int] = 1,
        prune_norm: bool = False,
        prune_head: bool = True,
    ) -> list[int]:
        """Drop the stages after the last that is asked for, and the head. Returns the indices."""
        taken = self._indices(indices)
        self.stages = nn.Sequential(*list(self.stages)[: max(taken) + 1])
        if prune_head or max(taken) + 1 < len(self.network.stages):
            self.head, self.num_classes = None, 0
        return taken

    def get_classifier(self) -> nn.Module:
        """The layer that gives the logits; an identity where there are none."""
        head = self.network.head
        if self.head is None or head is None or not self.num_classes:
            return nn.Identity()
        names = {name.rpartition(".")[0] for name in classifier_names(head)}
        if len(names) != 1:
            raise BuildError(
                f"{head.address}: {head.component.type} has no single layer that gives the logits"
            )
        return self.get_submodule(names.pop())

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Give the head another number of classes, with fresh weights; 0 leaves pooled features.

        global_pool: "" for no head at all, so that the model gives its last map
        Raises BuildError for a head that cannot have that many.
        """
        if global_pool is not None and global_pool not in POOLED:
            raise BuildError(
                f"global_pool is {global_pool!r}, and a head pools as its spec says.  leave it "
                "out, or write ''  for no head"
            )
        if global_pool == "":
            self.head, self.num_classes, self.global_pool = None, 0, ""
            return
        if self.head is None:
            raise BuildError(f"{self.network.name} has no head left whose classes could change")
        layer = self._own_head if num_classes else self._featureless()
        network = replace(self.network, head=layer)
        self.head, self.network = headed(self.head, network, num_classes, like=self)
        self.num_classes = num_classes

    def _featureless(self) -> Layer:
        """The head's layer as one that may be without classes: its norms and its pooling stay."""
        head = self.network.head
        assert head is not None, "it is there"
        if head.component.type != "mlp":
            return head
        shared = {name: head.component[name] for name in ("norm", "pool", "pool_norm")}
        return replace(head, component=component("head", "linear", **shared))

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Compute the blocks again in the backward pass, for less memory."""
        self.grad_checkpointing = enable

    def no_weight_decay(self) -> set[str]:
        """Names of parameters without decay, beside those of one dimension: the positions'."""
        return {name for name, _ in self.named_parameters() if ".pos_embed." in name}

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Names by layers, for decay from layer to layer."""
        block = r"^stages\.(\d+)" if coarse else r"^stages\.(\d+)\.blocks\.(\d+)"
        return {
            "stem": r"^stem|^class_token",
            "blocks": [(block, None), (r"^stages\.(\d+)\.", (0,)), (r"^head", (99999,))],
        }

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """As of any module; a published model's state dict by its published names loads, too."""
        return super().load_state_dict(renamed(state_dict, self.network), strict, assign)

    def _indices(self, indices: int | Sequence[int] | None) -> list[int]:
        many = len(self.network.stages)
        wanted = range(many) if indices is None else indices
        if isinstance(wanted, int):
            wanted = range(many - wanted, many)
        taken = [index + many if index < 0 else index for index in wanted]
        if not taken or min(taken) < 0 or max(taken) >= many:
            raise BuildError(
                f"stages {indices!r} are asked for, and {self.network.name} has {many}.  count "
                f"them from 0 to {many - 1}"
            )
        return taken

    def _through(self, x: Tensor, end: int, taken: Sequence[int]) -> tuple[Tensor, list[Tensor]]:
        """The map after `end` stages, and the maps of those that are taken, in their order."""
        import torch
        from torch.utils.checkpoint import checkpoint

        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        size = x.shape[2:]
        if self.class_token is not None:
            x = self.class_token(x)
        maps: dict[int, Tensor] = {}
        for number, stage in enumerate(list(self.stages)[:end]):
            x = checkpoint(stage, x, use_reentrant=False) if self.grad_checkpointing else stage(x)
            if number in taken and self.class_token is not None:  # of a single stage
                maps[number] = x[:, :, 1:, 0].reshape(*x.shape[:2], *size)
            elif number in taken:
                maps[number] = x
        return x, [maps[index] for index in taken]
