"""What timm and torchvision need before their first import beside a torch for the CPU.

The compiled part of torchvision, which timm imports, is for another build of torch; two of its
operators are named while it is imported, and never called here.
"""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("timm") is not None:
    import torch

    LIBRARY = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        LIBRARY.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
