"""Search on data of one's own: training images that are drawn without end, and held-out sets.

A stream has no length, so that the search is told how many batches make an epoch. Labels are class
numbers (B,), int64, and images (B, C, H, W), float32, of the size that the spec's `input` says.

    python examples/own_datamodule.py
"""

import tempfile

import lightning.pytorch as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import archdsl

SIDE = 12

SPACE = f"""
archdsl: 1
name: waves
input: [1, {SIDE}, {SIDE}]
classes: 3
stem: {{type: conv, kernel: 3, norm: batch_norm}}
downsample: {{type: conv, kernel: 2, stride: 2, padding: 0, norm: batch_norm}}
block:
  norm: layer_norm
  token_mixer: {{choice: [pooling, identity, depthwise], per: stage}}
  channel_mixer: {{type: mlp, ratio: 2}}
stages:
  - {{dim: 8, depth: 1}}
  - {{dim: 16, depth: 1}}
search:
  trials: 3
  sampler: random
  proxy: {{datamodule: "own_datamodule:Waves", epochs: 2, steps_per_epoch: 30, lr: 1e-2}}
"""


def waves(number: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Noisy waves (B, 1, side, side) along rows, columns or the diagonal, and which (B,)."""
    labels = torch.randint(3, (number,), generator=generator)
    line = torch.arange(float(SIDE))
    along = torch.stack((line + 0 * line[:, None], line[:, None] + 0 * line, line[:, None] + line))
    phase = 6.3 * torch.rand(number, 1, 1, generator=generator)
    noise = torch.randn(number, SIDE, SIDE, generator=generator)
    return (torch.sin(along[labels] + phase) + 0.5 * noise)[:, None], labels


class Drawn(IterableDataset):
    """Batches of 32 without end, other ones in every pass: torch's generator is seeded by epoch."""

    def __iter__(self):
        generator = torch.Generator().manual_seed(int(torch.randint(2**31, ())))
        while True:
            yield waves(32, generator)


class Waves(pl.LightningDataModule):
    """Called without arguments; `setup` and the loaders are called as by any Lightning trainer."""

    def setup(self, stage):
        self.val = TensorDataset(*waves(200, torch.Generator().manual_seed(1)))
        self.test = TensorDataset(*waves(400, torch.Generator().manual_seed(2)))

    def train_dataloader(self):
        return DataLoader(Drawn(), batch_size=None)

    def val_dataloader(self):
        return DataLoader(self.val, batch_size=100)

    def test_dataloader(self):
        return DataLoader(self.test, batch_size=100)


def main() -> None:
    """Search, and print what was found."""
    with tempfile.TemporaryDirectory() as folder:
        result = archdsl.search(archdsl.loads(SPACE), out=f"{folder}/run")
    best = result.best
    print(f"{len(result.trials)} trials; the best is number {best.number}")
    print(f"accuracy {best.metrics['accuracy']:.2f} at {best.cost.macs:,} MACs")


if __name__ == "__main__":
    main()
