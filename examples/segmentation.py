"""A backbone under a segmentation head, trained on a small task that is made on the spot.

The head is a feature pyramid network (Lin et al., arXiv 1612.03144): each map of the backbone is
brought to one width, coarse maps are added to finer ones, and one layer tells the classes apart.
The task: find discs, squares and triangles in noise, pixel by pixel.

    python examples/segmentation.py
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl

CLASSES = ("background", "disc", "square", "triangle")
SIDE = 64

BACKBONE = """
archdsl: 1
name: small
input: [1, 64, 64]
classes: 0
stem: {type: conv, kernel: 7, stride: 4, norm: batch_norm}
downsample: {type: conv, kernel: 3, stride: 2, norm: batch_norm}
block:
  norm: batch_norm
  token_mixer: {type: depthwise, kernel: 5}
  channel_mixer: {type: mlp, ratio: 2}
stages:
  - {dim: 24, depth: 1}
  - {dim: 32, depth: 1}
  - {dim: 48, depth: 2}
  - {dim: 64, depth: 1, token_mixer: {type: attention, head_dim: 16}}
"""


class FPN(nn.Module):
    """Class scores at the input's size from the maps of a backbone."""

    def __init__(self, backbone: nn.Module, dim: int, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels, dim, 1) for channels, _ in backbone.feature_info
        )
        self.smooth = nn.Sequential(nn.Conv2d(dim, dim, 3, padding=1), nn.GELU())
        self.classifier = nn.Conv2d(dim, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) images to (B, classes, H, W) scores."""
        maps = [layer(y) for layer, y in zip(self.lateral, self.backbone(x), strict=True)]
        y = maps.pop()
        while maps:
            finer = maps.pop()
            y = finer + F.interpolate(y, size=finer.shape[2:], mode="nearest")
        scores = self.classifier(self.smooth(y))
        return F.interpolate(scores, size=x.shape[2:], mode="bilinear")


def scenes(number: int, seed: int) -> tuple[Tensor, Tensor]:
    """Noisy images (B, 1, side, side) of one shape of each class, and their labels per pixel."""
    random = torch.Generator().manual_seed(seed)
    centre = torch.rand(number, 3, 2, 1, 1, generator=random) * (SIDE - 24) + 12
    radius = torch.rand(number, 3, 1, 1, generator=random) * 4 + 7
    bright = torch.rand(number, 3, generator=random) * 0.6 + 0.7
    line = torch.arange(float(SIDE))
    y, x = line[:, None] - centre[:, :, 0], line - centre[:, :, 1]  # (B, 3, side, side)
    inside = (
        x[:, 0] ** 2 + y[:, 0] ** 2 < radius[:, 0] ** 2,
        torch.maximum(x[:, 1].abs(), y[:, 1].abs()) < 0.9 * radius[:, 1],
        (y[:, 2] < 0.8 * radius[:, 2]) & (2 * x[:, 2].abs() - y[:, 2] < radius[:, 2]),
    )
    labels = torch.zeros(number, SIDE, SIDE, dtype=torch.long)
    images = torch.randn(number, SIDE, SIDE, generator=random) * 0.4
    for index, mask in enumerate(inside):
        labels[mask] = index + 1
    for index in range(3):
        images += bright[:, index, None, None] * (labels == index + 1)
    return images[:, None], labels


@torch.inference_mode()
def mean_iou(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Intersection over union of prediction and truth, averaged over the classes."""
    found = model.eval()(images).argmax(1)
    shares = []
    for index in range(len(CLASSES)):
        both, either = (found == index) & (labels == index), (found == index) | (labels == index)
        shares.append(both.sum().item() / max(1, either.sum().item()))
    return sum(shares) / len(shares)


def main(steps: int = 400) -> tuple[float, float]:
    """Train the head and the backbone together; mean IoU on unseen scenes before and after."""
    torch.manual_seed(0)
    backbone = archdsl.build(archdsl.loads(BACKBONE), features=[0, 1, 2, 3])
    for channels, reduction in backbone.feature_info:
        print(f"a map of {channels} channels at 1/{reduction} of the input")
    model = FPN(backbone, dim=32, classes=len(CLASSES))
    unseen = scenes(128, seed=1)
    before = mean_iou(model, *unseen)
    print(f"before: mean IoU {before:.2f}")

    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)
    for step in range(steps):
        images, labels = scenes(16, seed=1000 + step)
        loss = F.cross_entropy(model.train()(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.3f}")

    after = mean_iou(model, *unseen)
    print(f"after: mean IoU {after:.2f}")
    return before, after


if __name__ == "__main__":
    main()
