"""Networks by name. Each maps normalised RGB crops [N, 3, S, S] to (logit [N, 1], cam [N, h, w])."""

from __future__ import annotations

from typing import Callable

import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from . import pretrained


class SamePadConv(nn.Conv2d):
    """A stride-2 3 × 3 convolution padded as TensorFlow's "same" does for even sizes: right and bottom only."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(F.pad(x, (0, 1, 0, 1)))


class MobileNetV2(nn.Module):
    """MobileNetV2 (Sandler et al., 2018), width 1.0, with one logit. Positive means manipulated."""

    mean = (0.0, 0.0, 0.0)
    std = (1.0, 1.0, 1.0)

    def __init__(self, start: str = "scratch", dropout: float = 0.2) -> None:
        super().__init__()
        base = torchvision.models.mobilenet_v2(weights=None)
        self.features = base.features
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(base.last_channel, 1)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)
        if start == "nsfwjs":
            self.use_tensorflow_conventions()
            pretrained.load_mobilenet_v2(self)
        elif start != "scratch":
            raise ValueError(f"unknown start '{start}'.")

    def use_tensorflow_conventions(self) -> None:
        """Padding and epsilon of the framework the pretrained weights come from; they are part of what was trained."""
        _use_tensorflow_padding(self.features)
        for layer in self.features.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eps = 1e-3

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.features(x)
        logit = self.classifier(self.dropout(maps.mean((2, 3))))
        # The net ends in global average pooling and a linear layer, so the weighted sum of its last maps averages to the logit.
        cam = F.conv2d(maps, self.classifier.weight[:, :, None, None], self.classifier.bias)[:, 0]
        return logit, cam


ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {"mobilenet_v2": MobileNetV2}


def build(architecture: str, **options: object) -> nn.Module:
    """A net by name. Raises ValueError when the name is unknown."""
    if architecture not in ARCHITECTURES:
        raise ValueError(f"unknown architecture '{architecture}'; known: {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[architecture](**options)


def parameter_count(net: nn.Module) -> int:
    """Trained parameters."""
    return sum(p.numel() for p in net.parameters())


def _use_tensorflow_padding(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d) and child.stride == (2, 2):
            padded = SamePadConv(child.in_channels, child.out_channels, child.kernel_size, 2, 0, groups=child.groups, bias=False)
            setattr(module, name, padded)
        else:
            _use_tensorflow_padding(child)
