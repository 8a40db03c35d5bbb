"""Networks by name. Each maps normalised RGB crops [N, 3, S, S] to (logit [N, 1], cam [N, h, w] or None); see `sequence` for tracks."""

from __future__ import annotations

import math
from typing import Callable

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.models import inception

from . import pretrained, published, residual, sequence


class SamePadConv(nn.Conv2d):
    """A stride-2 3 × 3 convolution padded as TensorFlow's "same" does for even sizes: right and bottom only."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(F.pad(x, (0, 1, 0, 1)))


class MobileNetV2(nn.Module):
    """MobileNetV2 (Sandler et al., 2018), width 1.0, with one logit. Positive means manipulated."""

    mean = (0.0, 0.0, 0.0)
    std = (1.0, 1.0, 1.0)

    def __init__(self, start: str = "scratch", dropout: float = 0.2, activation: str = "relu6") -> None:
        super().__init__()
        base = torchvision.models.mobilenet_v2(weights=None)
        self.features = base.features
        if activation == "relu":
            # The clipped form has no bfloat16 gradient on a CPU, and takes twice the time in float32.
            _replace(self.features, nn.ReLU6, lambda: nn.ReLU(inplace=True))
        elif activation != "relu6":
            raise ValueError(f"unknown activation '{activation}'.")
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
        use_tensorflow_conventions(self.features)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.features(x)
        logit = self.classifier(self.dropout(maps.mean((2, 3))))
        # The net ends in global average pooling and a linear layer, so the weighted sum of its last maps averages to the logit.
        cam = F.conv2d(maps, self.classifier.weight[:, :, None, None], self.classifier.bias)[:, 0]
        return logit, cam


class InceptionV3(nn.Module):
    """InceptionV3 (Szegedy et al., 2015) up to its 17 × 17 stage (`Mixed_6e`), with one logit: 9.0 M parameters.

    The last, coarse stage holds more than half of the weights and looks for objects; seams are found on finer maps.
    """

    mean = (0.0, 0.0, 0.0)
    std = (1.0, 1.0, 1.0)

    def __init__(self, start: str = "scratch", dropout: float = 0.3) -> None:
        super().__init__()
        base = torchvision.models.inception_v3(weights=None, aux_logits=False, init_weights=False)
        last = list(dict(base.named_children())).index("Mixed_6e")
        self.features = nn.Sequential(*list(base.children())[: last + 1])
        for block in self.features:
            # TensorFlow's average pooling leaves the padding out of the count; the pretrained weights know it so.
            if isinstance(block, inception.InceptionA):
                block.__class__ = _InceptionA
            elif isinstance(block, inception.InceptionC):
                block.__class__ = _InceptionC
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(768, 1)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)
        if start == "nsfwjs":
            pretrained.load_inception_v3(self)
        elif start != "scratch":
            raise ValueError(f"unknown start '{start}'.")

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.features(x)
        logit = self.classifier(self.dropout(maps.mean((2, 3))))
        cam = F.conv2d(maps, self.classifier.weight[:, :, None, None], self.classifier.bias)[:, 0]
        return logit, cam


class ResNet18(nn.Module):
    """ResNet-18 (He et al., CVPR 2016) up to a stage, with one logit. Stage 3 (256 maps at a sixteenth of the side) holds 2.8 M parameters.

    `pool` says whether the stem's max pooling stays: without it every map is twice as wide, sees finer traces and takes four times as long.
    """

    mean = (123.15 / 255, 115.90 / 255, 103.06 / 255)
    std = (1 / 255, 1 / 255, 1 / 255)

    def __init__(self, start: str = "scratch", stage: int = 3, dropout: float = 0.2, pool: bool = True) -> None:
        super().__init__()
        base = torchvision.models.resnet18(weights=None)
        self.stem = nn.Sequential(base.conv1, base.bn1, nn.ReLU(inplace=True), *([base.maxpool] if pool else []))
        self.stages = nn.Sequential(*(getattr(base, f"layer{number}") for number in range(1, stage + 1)))
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(64 << (stage - 1), 1)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)
        if start == "imagenet":
            pretrained.load_resnet18(self.stem, self.stages)
        elif start != "scratch":
            raise ValueError(f"unknown start '{start}'.")

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.stages(self.stem(x))
        logit = self.classifier(self.dropout(maps.mean((2, 3))))
        cam = F.conv2d(maps, self.classifier.weight[:, :, None, None], self.classifier.bias)[:, 0]
        return logit, cam


class RgbSpectrum(nn.Module):
    """MobileNetV2 on the picture beside a small net on the log spectrum of its residual; one logit over both.

    Growing a picture leaves copies of its spectrum (see `lookalike`), which a net on pixels finds late. The transform is two matrix
    products with fixed tables, because ONNX has none before opset 17.
    """

    mean = (0.0, 0.0, 0.0)
    std = (1.0, 1.0, 1.0)

    def __init__(self, size: int = 128, start: str = "scratch", dropout: float = 0.3, activation: str = "relu") -> None:
        super().__init__()
        base = MobileNetV2(start, 0.0, activation)
        self.features = base.features
        self.spectrum = Spectrum(size)
        self.waves = nn.Sequential(
            *_convolve(1, 16, 2), *_convolve(16, 32, 2), *_convolve(32, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(1280 + 64, 1)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)

    def use_tensorflow_conventions(self) -> None:
        """See MobileNetV2."""
        MobileNetV2.use_tensorflow_conventions(self)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.features(x)
        waves = self.waves(self.spectrum(x))
        logit = self.classifier(self.dropout(torch.cat([maps.mean((2, 3)), waves], 1)))
        seen, heard = self.classifier.weight[:, :1280], self.classifier.weight[:, 1280:]
        # The spectrum knows no place: its part is spread evenly, so that the map still averages to the logit.
        cam = F.conv2d(maps, seen[:, :, None, None], self.classifier.bias)[:, 0] + F.linear(waves, heard)[:, :, None]
        return logit, cam


class Spectrum(nn.Module):
    """Log power spectrum of a picture's grey residual: [N, 3, S, S] in 0–1 to [N, 1, S, S / 2], rows centred on frequency zero."""

    def __init__(self, size: int) -> None:
        super().__init__()
        at = torch.arange(size, dtype=torch.float64)
        rows = (at - size // 2)[:, None] * at * (2 * math.pi / size)
        columns = at[:, None] * torch.arange(size // 2, dtype=torch.float64) * (2 * math.pi / size)
        window = 0.5 - 0.5 * torch.cos(2 * math.pi * (at + 0.5) / size)
        for name, table in (("row_cos", rows.cos() * window), ("row_sin", rows.sin() * window),
                            ("column_cos", columns.cos() * window[:, None]), ("column_sin", columns.sin() * window[:, None])):
            self.register_buffer(name, table.float())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", enabled=False):
            grey = x.float().mean(1, keepdim=True) * 255
            residual = grey - F.avg_pool2d(grey, 3, 1, 1, count_include_pad=False)
            along, across = residual @ self.column_cos, residual @ self.column_sin
            real = self.row_cos @ along - self.row_sin @ across
            imaginary = self.row_sin @ along + self.row_cos @ across
            # Scaled so that white noise of one grey level lies near one.
            return torch.log(1 + (real * real + imaginary * imaginary) / (x.shape[-1] ** 2 * 0.14)) - 1


def _convolve(inside: int, outside: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)]


class _InceptionA(inception.InceptionA):
    def _forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        doubled = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return [self.branch1x1(x), self.branch5x5_2(self.branch5x5_1(x)), doubled, self.branch_pool(_mean_of_neighbours(x))]


class _InceptionC(inception.InceptionC):
    def _forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        single = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        doubled = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        doubled = self.branch7x7dbl_5(self.branch7x7dbl_4(doubled))
        return [self.branch1x1(x), single, doubled, self.branch_pool(_mean_of_neighbours(x))]


def _mean_of_neighbours(x: torch.Tensor) -> torch.Tensor:
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {
    "compact_cnn": published.compact_cnn,
    "convnext_base": published.ConvNextBase,
    "efficientnet_b0": published.efficientnet_b0,
    "efficientnet_b4": published.efficientnet_b4,
    "inception_v3": InceptionV3,
    "mesoinception4": published.MesoInception4,
    "mesonet4": published.MesoNet4,
    "mobilenet_bilstm": sequence.mobilenet_bilstm,
    "mobilenet_v2": MobileNetV2,
    "noise_residual": residual.NoiseResidual,
    "resnet18": ResNet18,
    "resnet50": published.resnet50,
    "resnet50_bilstm": sequence.resnet50_bilstm,
    "rgb_spectrum": RgbSpectrum,
    "swin_small": published.SwinSmall,
    "xception": published.Xception,
}


def build(architecture: str, **options: object) -> nn.Module:
    """A net by name. Raises ValueError when the name is unknown."""
    if architecture not in ARCHITECTURES:
        raise ValueError(f"unknown architecture '{architecture}'; known: {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[architecture](**options)


def parameter_count(net: nn.Module) -> int:
    """Trained parameters."""
    return sum(p.numel() for p in net.parameters())


def use_tensorflow_conventions(features: nn.Module) -> None:
    """Padding and epsilon of TensorFlow for the layers of a MobileNetV2."""
    _use_tensorflow_padding(features)
    for layer in features.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eps = 1e-3


def _use_tensorflow_padding(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d) and child.stride == (2, 2):
            padded = SamePadConv(child.in_channels, child.out_channels, child.kernel_size, 2, 0, groups=child.groups, bias=False)
            setattr(module, name, padded)
        else:
            _use_tensorflow_padding(child)


def _replace(module: nn.Module, kind: type[nn.Module], make: Callable[[], nn.Module]) -> None:
    for name, child in module.named_children():
        if isinstance(child, kind):
            setattr(module, name, make())
        else:
            _replace(child, kind, make)
