"""Ready rules against counts by hand."""

from __future__ import annotations

from math import ceil, log2

import pytest
import torch
from torch import nn

import archdsl
from archdsl.cost.contractions import NoExactCount
from archdsl.cost.measure import measure
from archdsl.cost.ready import real_transform, recurrent, transform_to_real
from archdsl.errors import CountError

WHERE = "stages.0.blocks.1.token_mixer"


def test_a_complex_transform_of_a_power_of_two_is_exact(of):
    # 5 N log2 N operations for N = 64 positions: 1920, or 960 MACs, for each of 3 channels
    assert of(lambda m, x: torch.fft.fft2(x).real, (3, 8, 8)).macs == 3 * 960
    assert of(lambda m, x: torch.fft.ifft2(x).real, (3, 8, 8)).macs == 3 * 960


def test_a_real_transform_is_half_as_much(of):
    assert of(lambda m, x: torch.fft.rfft2(x).abs(), (3, 8, 8)).macs == 3 * 480


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
def test_there_and_back_again(of, norm):
    def filtered(m, x):
        return torch.fft.irfft2(torch.fft.rfft2(x, norm=norm), s=x.shape[2:], norm=norm)

    assert of(filtered, (3, 8, 8)).macs == 2 * 3 * 480


def test_other_lengths_are_rounded_up_for_each_transform(of):
    one = ceil(5 * 6 * log2(6) / 2)
    assert one == 39
    assert of(lambda m, x: torch.fft.fft(x).real).macs == 8 * 6 * one
    assert of(lambda m, x: torch.fft.fft(x, dim=1).real).macs == 36 * 60  # 5/2 · 8 · 3
    assert of(lambda m, x: torch.fft.ifft(x, n=4).real).macs == 8 * 6 * 20
    assert of(lambda m, x: torch.fft.rfft(x).real).macs == 8 * 6 * ceil(2.5 * 6 * log2(6) / 2)
    assert of(lambda m, x: torch.fft.rfft(x, n=7).real).macs == 48 * ceil(2.5 * 7 * log2(7) / 2)
    assert of(lambda m, x: torch.fft.irfft(x, n=7)).macs == 48 * ceil(2.5 * 7 * log2(7) / 2)
    assert of(lambda m, x: torch.fft.hfft(x)).macs == 48 * ceil(2.5 * 10 * log2(10) / 2)
    assert of(lambda m, x: torch.fft.ihfft(x).real).macs == 48 * ceil(2.5 * 6 * log2(6) / 2)


def test_transforms_over_many_axes(of):
    everything = ceil(5 * 288 * log2(288) / 2)
    assert of(lambda m, x: torch.fft.fftn(x).real).macs == everything
    assert of(lambda m, x: torch.fft.ifftn(x, s=(4, 4)).real).macs == 8 * 160
    assert of(lambda m, x: torch.fft.rfftn(x, s=(4, 4)).real).macs == 8 * 80
    # a half spectrum of 6 along the last of the axes is that of 10 positions
    half = ceil(2.5 * 80 * log2(80) / 2)
    assert of(lambda m, x: torch.fft.irfftn(x, dim=(1, 2))).macs == 6 * half


def test_a_transform_of_a_single_position_is_free(of):
    assert of(lambda m, x: torch.fft.fft(x[..., :1]).real).macs == 0


def test_shifting_a_spectrum_is_free(of):
    assert of(lambda m, x: torch.fft.ifftshift(torch.fft.fftshift(x))).macs == 0


def test_a_global_filter_costs_its_transforms():
    """GFNet (arXiv 2107.00645): a product in the frequency domain is elementwise."""

    class GlobalFilter(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(8, 8, 5, 2))

        def forward(self, x):
            spectrum = torch.fft.rfft2(x, norm="ortho") * torch.view_as_complex(self.weight)
            return torch.fft.irfft2(spectrum, s=x.shape[2:], norm="ortho")

    assert measure(GlobalFilter, (8, 8, 8), WHERE).macs == 2 * 8 * 480


def test_a_length_that_does_not_fit_the_spectrum_is_not_guessed():
    assert real_transform([(4, 8), 8, -1, None], [(4, 5)]) == 4 * 30
    with pytest.raises(NoExactCount, match="its length is computed; write it as a constant"):
        real_transform([(4, 8), None, -1, None], [(4, 9)])
    with pytest.raises(NoExactCount, match="its axes are computed; write them as constants"):
        transform_to_real([(4, 5), None, [None], None], [(4, 8)])


class Recurrent(nn.Module):
    """A recurrent layer over the 36 positions of a map of 8 channels."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x.flatten(2).transpose(1, 2))[0]


@pytest.mark.parametrize(("kind", "gates"), [(nn.GRU, 3), (nn.LSTM, 4), (nn.RNN, 1)])
def test_a_recurrent_layer_meets_its_matrices_at_every_position(kind, gates):
    def macs(**options):
        return measure(
            lambda: Recurrent(kind(8, 5, batch_first=True, **options)), (8, 6, 6), WHERE
        ).macs

    first, later = gates * 5 * (8 + 5), gates * 5 * (5 + 5)
    assert macs() == macs(bias=False) == 36 * first
    assert macs(num_layers=3) == 36 * (first + 2 * later)
    assert macs(bidirectional=True) == 36 * 2 * first
    # the second layer gets both directions
    assert macs(num_layers=2, bidirectional=True) == 36 * 2 * (first + gates * 5 * (10 + 5))


def test_an_lstm_with_a_projection():
    weights = [(20, 8), (20, 2), (20,), (20,), (2, 5)]
    x, state = (1, 36, 8), [(1, 1, 2), (1, 1, 5)]
    assert recurrent([x, state, weights, True, 1], []) == 36 * (20 * (8 + 2) + 2 * 5)


@pytest.mark.parametrize(("kind", "gates"), [(nn.GRUCell, 3), (nn.LSTMCell, 4), (nn.RNNCell, 1)])
def test_a_cell_is_one_step(kind, gates):
    class Steps(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = kind(8, 8)

        def forward(self, x):
            state = None
            for step in range(6):
                state = self.cell(x[:, :, step, 0], state)
            return x

    assert measure(Steps, (8, 6, 6), WHERE).macs == 6 * gates * 8 * (8 + 8)


def test_a_running_sum_adds_and_does_not_multiply(of):
    assert of(lambda m, x: x.cumsum(2)).macs == 0


def test_a_running_sum_of_a_product_is_a_contraction(of):
    with pytest.raises(CountError, match="a product of two tensors that is summed"):
        of(lambda m, x: (x * m.inner.weight[:, 0].view(8, 1, 1)).cumsum(1))
    assert of(lambda m, x: (x * m.inner.weight[:, 0].view(8, 1, 1)).cumsum(2)).macs == 0


def test_a_rule_of_ones_own_replaces_a_ready_one(of):
    archdsl.macs("aten::fft_fft")(lambda inputs, outputs: 7)
    assert of(lambda m, x: torch.fft.fft(x).real).macs == 7
