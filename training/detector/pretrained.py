"""Weights to start from. Of npm `nsfwjs` (MIT): TensorFlow.js graphs whose weights are uint8-quantised and wrapped as scripts, which are
read as text, never run: the manifest is a list of `{name:…,shape:…,quantization:…}` literals and each shard is one base64 string. Of NuGet
`Microsoft.ML.DnnImageFeaturizer.ResNet18` (MIT): an ONNX file with a ResNet-18 trained on ImageNet.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Sequence

import numpy as np
import torch
from torch import nn
from torchvision.models.inception import BasicConv2d

PACKAGE = Path(__file__).resolve().parents[2] / ".deps/npm/nsfwjs"

RESNET18 = Path(__file__).resolve().parents[2] / ".deps/nuget-models/ResNet18.onnx"
"""What `eng/fetch-resnet18` puts there."""

_ENTRY = re.compile(
    r'\{name:"(?P<name>[^"]+)",shape:\[(?P<shape>[\d,]*)\],dtype:"float32",'
    r'quantization:\{min:(?P<min>[-+.\deE]+),scale:(?P<scale>[-+.\deE]+),dtype:"uint8"\}\}'
)
_PAYLOAD = re.compile(r'"([A-Za-z0-9+/]{1000,}={0,2})"')


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """Dequantised tensors by TensorFlow name, in TensorFlow layout. Raises ValueError when sizes disagree."""
    entries = list(_ENTRY.finditer((folder / "model.min.js").read_text()))
    shards = sorted(folder.glob("group1-shard*.min.js"))
    payload = b"".join(_shard(path) for path in shards)
    weights: dict[str, np.ndarray] = {}
    offset = 0
    for entry in entries:
        shape = tuple(int(side) for side in entry["shape"].split(",") if side)
        count = int(np.prod(shape, dtype=np.int64))
        raw = np.frombuffer(payload, np.uint8, count, offset)
        weights[entry["name"]] = (raw.astype(np.float32) * float(entry["scale"]) + float(entry["min"])).reshape(shape)
        offset += count
    if not entries or offset != len(payload):
        raise ValueError(f"{folder}: the manifest names {offset} weights, the shards hold {len(payload)}.")
    return weights


def load_mobilenet_v2(net: nn.Module, package: Path = PACKAGE) -> None:
    """Fills the `features` of a width-1.0 MobileNetV2 (torchvision's layout) from the package. Raises ValueError on a shape mismatch."""
    weights = read_weights(package / "dist/models/mobilenet_v2")
    features = net.features
    _fill_convolution(features[0][0], weights["Conv1/kernel"])
    _fill_norm(features[0][1], weights, "bn_Conv1")
    for index in range(17):
        layers = features[index + 1].conv
        prefix = "expanded_conv" if index == 0 else f"block_{index}"
        depthwise = 0
        if index > 0:
            _fill_convolution(layers[0][0], weights[f"{prefix}_expand/kernel"])
            _fill_norm(layers[0][1], weights, f"{prefix}_expand_BN")
            depthwise = 1
        _fill_convolution(layers[depthwise][0], weights[f"{prefix}_depthwise/depthwise_kernel"], depthwise=True)
        _fill_norm(layers[depthwise][1], weights, f"{prefix}_depthwise_BN")
        _fill_convolution(layers[depthwise + 1], weights[f"{prefix}_project/kernel"])
        _fill_norm(layers[depthwise + 2], weights, f"{prefix}_project_BN")
    _fill_convolution(features[18][0], weights["Conv_1/kernel"])
    _fill_norm(features[18][1], weights, "Conv_1_bn")


def load_inception_v3(net: nn.Module, package: Path = PACKAGE) -> None:
    """Fills the convolutions of an InceptionV3 in torchvision's layout, whole or cut short, in the order both frameworks create them."""
    weights = read_weights(package / "dist/models/inception_v3")
    blocks = [module for module in net.features.modules() if isinstance(module, BasicConv2d)]
    for number, block in enumerate(blocks, 1):
        _fill_convolution(block.conv, weights[f"conv2d_{number}/kernel"])
        prefix = f"batch_normalization_{number}"
        # Keras trains this net's norms without scale.
        _fill_norm(block.bn, weights | {f"{prefix}/gamma": np.ones(block.bn.num_features, np.float32)}, prefix)


def load_resnet18(stem: nn.Sequential, stages: Sequence[nn.Sequential], file: Path = RESNET18) -> None:
    """Fills the stem (convolution, norm) and the first stages of a ResNet-18 in torchvision's layout. Raises ValueError on a shape mismatch.

    The file was trained on blue, green, red in 0–255; the first convolution is turned to red, green, blue. Its padding is one-sided, which
    for even sides puts every window where PyTorch puts it. Its fourth stage has a block more than torchvision's.
    """
    if len(stages) > 3:
        raise ValueError("the start has weights for three stages only.")
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(file)).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kernels = [tensors[node.input[1]] for node in graph.node if node.op_type == "Conv"]
    norms = [[tensors[name] for name in node.input[1:5]] for node in graph.node if node.op_type == "BatchNormalization"]
    kernels[0] = kernels[0][:, ::-1]
    # The file computes a block's shortcut before its convolutions.
    layers = [(stem[0], stem[1])]
    for block in (block for stage in stages for block in stage):
        layers += [tuple(block.downsample)] if block.downsample is not None else []
        layers += [(block.conv1, block.bn1), (block.conv2, block.bn2)]
    for (convolution, norm), kernel, values in zip(layers, kernels, norms):
        _fill(convolution.weight, kernel)
        for target, value in zip((norm.weight, norm.bias, norm.running_mean, norm.running_var), values):
            _fill(target, value)


def _shard(path: Path) -> bytes:
    found = _PAYLOAD.search(path.read_text())
    if found is None:
        raise ValueError(f"{path} holds no base64 payload.")
    return base64.b64decode(found[1])


def _fill_convolution(layer: nn.Conv2d, kernel: np.ndarray, depthwise: bool = False) -> None:
    # TensorFlow: [h, w, in, out], depthwise [h, w, channels, multiplier]; PyTorch: [out, in, h, w].
    axes = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
    _fill(layer.weight, kernel.transpose(axes))


def _fill_norm(layer: nn.BatchNorm2d, weights: dict[str, np.ndarray], prefix: str) -> None:
    _fill(layer.weight, weights[f"{prefix}/gamma"])
    _fill(layer.bias, weights[f"{prefix}/beta"])
    _fill(layer.running_mean, weights[f"{prefix}/moving_mean"])
    _fill(layer.running_var, weights[f"{prefix}/moving_variance"])


def _fill(target: torch.Tensor, value: np.ndarray) -> None:
    if tuple(target.shape) != value.shape:
        raise ValueError(f"a tensor of shape {value.shape} does not fit {tuple(target.shape)}.")
    with torch.no_grad():
        target.copy_(torch.from_numpy(np.ascontiguousarray(value)))
