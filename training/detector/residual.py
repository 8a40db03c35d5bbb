"""A net on noise residuals: fixed high-pass filters, then a compact trunk (after Fridrich and Kodovský, 2012; Zhou et al., CVPR 2018)."""

from __future__ import annotations

import torch
from torch import nn

from .published import PooledNet

_EDGE = [[-1, 2, -1], [2, -4, 2], [-1, 2, -1]]
_SQUARE = [[-1, 2, -2, 2, -1], [2, -6, 8, -6, 2], [-2, 8, -12, 8, -2], [2, -6, 8, -6, 2], [-1, 2, -2, 2, -1]]
_LINE = [1, -2, 1]


class NoiseResidual(PooledNet):
    """Three steganalysis filters on each colour, truncated, then five strided stages: what was left behind by cameras, codecs and generators."""

    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

    def __init__(self, width: int = 32, limit: float = 3.0, dropout: float = 0.2) -> None:
        layers: list[nn.Module] = []
        inside = 9
        for outside in (width, 2 * width, 4 * width, 8 * width):
            layers += [nn.Conv2d(inside, outside, 3, 1, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)]
            layers += [nn.Conv2d(outside, outside, 3, 2, 1, groups=outside, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)]
            inside = outside
        super().__init__(nn.Sequential(*layers), inside, dropout)
        filters = torch.zeros(3, 5, 5)
        filters[0, 1:4, 1:4] = torch.tensor(_EDGE) / 4
        filters[1] = torch.tensor(_SQUARE) / 12
        filters[2, 2, 1:4] = torch.tensor(_LINE) / 2
        self.register_buffer("filters", filters[:, None].repeat(3, 1, 1, 1))
        self.limit = limit

    def maps(self, x: torch.Tensor) -> torch.Tensor:
        residual = nn.functional.conv2d(x * 255, self.filters, padding=2, groups=3)
        return self.trunk(residual.clamp(-self.limit, self.limit))
