"""Architectures that detectors are commonly published in, with one logit on top. Parameter names and their order follow the published
checkpoints, so that `import_weights` can fill them.

Each maps normalised RGB crops [N, 3, S, S] to (logit [N, 1], cam [N, h, w]); nets whose head is not linear on pooled maps give None for
the map.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.models.convnext import CNBlockConfig

IMAGENET = dict(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
HALF = dict(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))

Answer = tuple[torch.Tensor, torch.Tensor | None]


class PooledNet(nn.Module):
    """Maps, global average, dropout, linear layer: class activation maps come for free."""

    mean, std = IMAGENET["mean"], IMAGENET["std"]

    def __init__(self, trunk: nn.Module, channels: int, dropout: float) -> None:
        super().__init__()
        self.trunk = trunk
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(channels, 1)

    def maps(self, x: torch.Tensor) -> torch.Tensor:
        """Last maps [N, C, h, w]."""
        return self.trunk(x)

    def forward(self, x: torch.Tensor) -> Answer:
        maps = self.maps(x)
        logit = self.classifier(self.dropout(maps.mean((2, 3))))
        return logit, F.conv2d(maps, self.classifier.weight[:, :, None, None], self.classifier.bias)[:, 0]


def efficientnet_b0(dropout: float = 0.2) -> nn.Module:
    """EfficientNet-B0 (Tan and Le, 2019), 4.0 M parameters."""
    return PooledNet(torchvision.models.efficientnet_b0(weights=None).features, 1280, dropout)


def efficientnet_b4(dropout: float = 0.4) -> nn.Module:
    """EfficientNet-B4, 17.6 M parameters."""
    return PooledNet(torchvision.models.efficientnet_b4(weights=None).features, 1792, dropout)


def resnet50(dropout: float = 0.0) -> nn.Module:
    """ResNet-50 (He et al., 2015), 23.5 M parameters."""
    base = torchvision.models.resnet50(weights=None)
    return PooledNet(nn.Sequential(*list(base.children())[:-2]), 2048, dropout)


def compact_cnn(width: int = 24, dropout: float = 0.2) -> nn.Module:
    """Five plain stages, about a million parameters: the cheapest net that learns from scratch on a processor."""
    layers: list[nn.Module] = []
    inside = 3
    for stage, outside in enumerate((width, 2 * width, 4 * width, 8 * width, 8 * width)):
        layers += [nn.Conv2d(inside, outside, 3, 2, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)]
        if stage < 4:
            layers += [nn.Conv2d(outside, outside, 3, 1, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)]
        inside = outside
    return PooledNet(nn.Sequential(*layers), inside, dropout)


class SwinSmall(PooledNet):
    """Swin-S (Liu et al., 2021), 48.8 M parameters. `depth` of the third stage; less is for trials."""

    def __init__(self, dropout: float = 0.0, depth: int = 18) -> None:
        base = torchvision.models.SwinTransformer([4, 4], 96, [2, 2, depth, 2], [3, 6, 12, 24], [7, 7], stochastic_depth_prob=0.3)
        super().__init__(nn.Sequential(base.features, base.norm), 768, dropout)

    def maps(self, x: torch.Tensor) -> torch.Tensor:
        return self.trunk(x).permute(0, 3, 1, 2)


class ConvNextBase(nn.Module):
    """ConvNeXt-B (Liu et al., 2022), 87.6 M parameters. The norm after pooling stands between maps and logit, so there is no map.
    `depth` of the third stage; less is for trials."""

    mean, std = IMAGENET["mean"], IMAGENET["std"]

    def __init__(self, dropout: float = 0.0, depth: int = 27) -> None:
        super().__init__()
        plan = [(128, 256, 3), (256, 512, 3), (512, 1024, depth), (1024, None, 3)]
        base = torchvision.models.ConvNeXt([CNBlockConfig(*stage) for stage in plan], stochastic_depth_prob=0.5)
        self.trunk = base.features
        self.norm = nn.LayerNorm(1024, eps=1e-6)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(1024, 1)

    def forward(self, x: torch.Tensor) -> Answer:
        return self.classifier(self.dropout(self.norm(self.trunk(x).mean((2, 3))))), None


class MesoNet4(nn.Module):
    """Meso-4 (Afchar et al., 2018), 28 thousand parameters; sides that are multiples of 32."""

    mean, std = HALF["mean"], HALF["std"]

    def __init__(self, size: int = 256, dropout: float = 0.5) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 8, 5, padding=2, bias=False), nn.BatchNorm2d(16 // 2)
        self.conv3, self.bn3 = nn.Conv2d(8, 16, 5, padding=2, bias=False), nn.BatchNorm2d(16)
        self.conv4, self.bn4 = nn.Conv2d(16, 16, 5, padding=2, bias=False), nn.BatchNorm2d(16)
        self.fc1 = nn.Linear(16 * (size // 32) ** 2, 16)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(16, 1)

    def forward(self, x: torch.Tensor) -> Answer:
        for number, pool in ((1, 2), (2, 2), (3, 2), (4, 4)):
            x = getattr(self, f"conv{number}")(x)
            x = F.max_pool2d(getattr(self, f"bn{number}")(F.relu(x)), pool)
        x = F.leaky_relu(self.fc1(self.dropout(x.flatten(1))), 0.1)
        return self.classifier(self.dropout(x)), None


class MesoInception4(nn.Module):
    """MesoInception-4 (Afchar et al., 2018): the first two layers of Meso-4 see four scales side by side."""

    mean, std = HALF["mean"], HALF["std"]

    def __init__(self, size: int = 256, dropout: float = 0.5) -> None:
        super().__init__()
        _scales(self, "Incption_layer1", 3, (1, 4, 4, 2))
        _scales(self, "Incption_layer2", 11, (2, 4, 4, 2))
        self.conv1, self.bn1 = nn.Conv2d(12, 16, 5, padding=2, bias=False), nn.BatchNorm2d(16)
        self.conv2, self.bn2 = nn.Conv2d(16, 16, 5, padding=2, bias=False), nn.BatchNorm2d(16)
        self.fc1 = nn.Linear(16 * (size // 32) ** 2, 16)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(16, 1)

    def forward(self, x: torch.Tensor) -> Answer:
        x = F.max_pool2d(self._mixed("Incption_layer1", x), 2)
        x = F.max_pool2d(self._mixed("Incption_layer2", x), 2)
        x = F.max_pool2d(self.bn1(F.relu(self.conv1(x))), 2)
        x = F.max_pool2d(self.bn2(F.relu(self.conv2(x))), 4)
        x = F.leaky_relu(self.fc1(self.dropout(x.flatten(1))), 0.1)
        return self.classifier(self.dropout(x)), None

    def _mixed(self, name: str, x: torch.Tensor) -> torch.Tensor:
        part = lambda suffix, value: getattr(self, f"{name}_{suffix}")(value)
        parts = [part("conv1", x), part("conv2_2", part("conv2_1", x)), part("conv3_2", part("conv3_1", x)), part("conv4_2", part("conv4_1", x))]
        return part("bn", torch.cat(parts, 1))


def _scales(net: nn.Module, name: str, inside: int, widths: tuple[int, ...]) -> None:
    # The misspelt name is the one in published checkpoints.
    for branch, width in enumerate(widths, 1):
        if branch == 1:
            setattr(net, f"{name}_conv1", nn.Conv2d(inside, width, 1, bias=False))
            continue
        dilation = branch - 1
        setattr(net, f"{name}_conv{branch}_1", nn.Conv2d(inside, width, 1, bias=False))
        setattr(net, f"{name}_conv{branch}_2", nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False))
    setattr(net, f"{name}_bn", nn.BatchNorm2d(sum(widths)))


class Xception(PooledNet):
    """Xception (Chollet, 2017) as FaceForensics++ published it, 20.8 M parameters."""

    mean, std = HALF["mean"], HALF["std"]

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__(nn.Identity(), 2048, dropout)
        del self.trunk
        self.conv1, self.bn1 = nn.Conv2d(3, 32, 3, 2, 0, bias=False), nn.BatchNorm2d(32)
        self.conv2, self.bn2 = nn.Conv2d(32, 64, 3, bias=False), nn.BatchNorm2d(64)
        plan = [(64, 128, 2, 2, False, True), (128, 256, 2, 2, True, True), (256, 728, 2, 2, True, True)]
        plan += [(728, 728, 3, 1, True, True)] * 8 + [(728, 1024, 2, 2, True, False)]
        for number, (inside, outside, repeats, stride, relu_first, grow_first) in enumerate(plan, 1):
            setattr(self, f"block{number}", XceptionBlock(inside, outside, repeats, stride, relu_first, grow_first))
        self.conv3, self.bn3 = SeparableConv(1024, 1536), nn.BatchNorm2d(1536)
        self.conv4, self.bn4 = SeparableConv(1536, 2048), nn.BatchNorm2d(2048)
        self.last_linear = self.classifier  # the published name; one module, two names
        del self.classifier

    @property
    def classifier(self) -> nn.Linear:
        """The linear layer by the name other nets have for it."""
        return self.last_linear

    @classifier.setter
    def classifier(self, layer: nn.Linear) -> None:
        self.last_linear = layer

    def maps(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        for number in range(1, 13):
            x = getattr(self, f"block{number}")(x)
        x = F.relu(self.bn3(self.conv3(x)))
        return F.relu(self.bn4(self.conv4(x)))


class SeparableConv(nn.Module):
    """A depthwise 3 × 3 and a pointwise convolution."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, inside, 3, 1, 1, groups=inside, bias=False)
        self.pointwise = nn.Conv2d(inside, outside, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pointwise(self.conv1(x))


class XceptionBlock(nn.Module):
    """Separable convolutions around a short cut."""

    def __init__(self, inside: int, outside: int, repeats: int, stride: int, relu_first: bool, grow_first: bool) -> None:
        super().__init__()
        self.skip = nn.Conv2d(inside, outside, 1, stride, bias=False) if outside != inside or stride != 1 else None
        self.skipbn = nn.BatchNorm2d(outside) if self.skip is not None else None
        widths = [inside] + [outside] * repeats if grow_first else [inside] * repeats + [outside]
        layers: list[nn.Module] = []
        for before, after in zip(widths, widths[1:]):
            layers += [nn.ReLU(inplace=False), SeparableConv(before, after), nn.BatchNorm2d(after)]
        if not relu_first:
            layers = layers[1:]
        if stride != 1:
            layers.append(nn.MaxPool2d(3, stride, 1))
        self.rep = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rep(x) + (x if self.skip is None else self.skipbn(self.skip(x)))
