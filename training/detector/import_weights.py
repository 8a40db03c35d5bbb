"""Turns a PyTorch checkpoint of a known architecture into a model folder:
`python3 -m detector.import_weights FILE --architecture xception --name my-xception --licence "…" [--size 299] [--fake-index 1] …`.

Knows tensors by name, whatever prefix the training code put before them (`module.`, `model.`, `backbone.`, `net.` …); where no name fits,
by order and shape: torchvision, timm and the common PyTorch ports create the same tensors in the same order under different names. A
two-class layer becomes one logit, the difference of both. What does not fit is refused, never filled by half.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import nn

from .export import MODELS, network_fields, parity, write_onnx
from .nets import ARCHITECTURES, SamePadConv, build
from .sequence import TrackNet

HEADS = ("classifier", "fc", "head", "last_linear", "linear1", "fc2", "_fc")
LISTS = ("state_dict", "model_state_dict", "model", "net", "state_dict_ema", "ema")


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a checkpoint by name. Raises ValueError when it holds none.

    A checkpoint is a pickle and runs what it says: import only files you would run.
    """
    content = torch.load(path, map_location="cpu")
    if isinstance(content, nn.Module):
        content = content.state_dict()
    for key in LISTS:
        if isinstance(content, dict) and isinstance(content.get(key), (dict, nn.Module)):
            inner = content[key]
            content = inner.state_dict() if isinstance(inner, nn.Module) else inner
    tensors = {name: value for name, value in content.items() if isinstance(value, torch.Tensor)} if isinstance(content, dict) else {}
    kept = {name: value for name, value in tensors.items() if value.is_floating_point() and not name.endswith(("attn_mask", "relative_position_index"))}
    if not kept:
        raise ValueError(f"{path} holds no tensors.")
    return kept


def fill(net: nn.Module, tensors: dict[str, torch.Tensor], fake_index: int = 1) -> str:
    """Fills a net; returns "name" or "order", by which it went. Raises ValueError when tensors do not fit."""
    wanted = {name: value for name, value in net.state_dict().items() if value.is_floating_point() and name not in dict(_constants(net))}
    given = {_plain(name): value for name, value in tensors.items()}
    if len(given) != len(tensors):
        given = dict(tensors)
    head = [name for name in given if any(part in HEADS for part in name.split(".")[:-1]) and given[name].shape[0] <= 2]
    body = {name: value for name, value in given.items() if name not in head}
    targets = {name: value for name, value in wanted.items() if not _is_head(name)}
    if targets.keys() <= body.keys() and all(body[name].numel() == value.numel() for name, value in targets.items()):
        pairs, way = {name: body[name] for name in targets}, "name"
    else:
        # Order of creation: parameters and buffers of a layer follow each other in every framework that grew from torchvision.
        body = {name: value for name, value in body.items() if not name.endswith("num_batches_tracked")}
        if len(body) != len(targets):
            raise ValueError(f"the checkpoint has {len(body)} tensors below its head, the architecture {len(targets)}.")
        for (name, value), (other, tensor) in zip(targets.items(), body.items()):
            if value.numel() != tensor.numel() or value.squeeze().shape != tensor.squeeze().shape:
                raise ValueError(f"'{other}' {tuple(tensor.shape)} does not fit '{name}' {tuple(value.shape)}.")
        pairs, way = dict(zip(targets, body.values())), "order"
    state = net.state_dict()
    for name, tensor in pairs.items():
        state[name] = tensor.reshape(state[name].shape)
    weight = next((given[name] for name in head if given[name].ndim == 2), None)
    bias = next((given[name] for name in head if given[name].ndim == 1), None)
    if weight is None or weight.shape[1] != net.classifier.in_features:
        raise ValueError("the checkpoint has no linear layer of one or two classes of the right width at its end.")
    net.load_state_dict(state)
    with torch.no_grad():
        net.classifier.weight.copy_(_one_logit(weight, fake_index))
        net.classifier.bias.copy_(_one_logit(bias, fake_index) if bias is not None else torch.zeros(1))
    return way


def use_same_padding(module: nn.Module) -> None:
    """TensorFlow's padding of strided convolutions at even sizes: for checkpoints whose port came from there (`efficientnet_pytorch`)."""
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d) and child.stride == (2, 2):
            setattr(module, name, _same(child))
        else:
            use_same_padding(child)
            if isinstance(child, nn.BatchNorm2d):
                child.eps = 1e-3


class _SamePad(nn.Conv2d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        spare = self.kernel_size[0] - 2
        return super().forward(nn.functional.pad(x, (spare // 2, spare - spare // 2, spare // 2, spare - spare // 2)))


def _same(old: nn.Conv2d) -> nn.Conv2d:
    kind = SamePadConv if old.kernel_size == (3, 3) else _SamePad
    return kind(old.in_channels, old.out_channels, old.kernel_size, 2, 0, groups=old.groups, bias=old.bias is not None)


def _plain(name: str) -> str:
    for prefix in ("module.", "model.", "backbone.", "net.", "encoder_q."):
        name = name.removeprefix(prefix)
    return name.replace("last_linear.1.", "last_linear.")


def _constants(net: nn.Module):
    # Tables that a net computes for itself are no weights.
    return ((name, value) for name, value in net.named_buffers() if not name.endswith(("running_mean", "running_var")))


def _is_head(name: str) -> bool:
    return name.startswith(("classifier.", "last_linear."))


def _one_logit(tensor: torch.Tensor, fake_index: int) -> torch.Tensor:
    if tensor.shape[0] == 1:
        return tensor if fake_index == 1 else -tensor
    return (tensor[fake_index] - tensor[1 - fake_index])[None]


def manifest(name: str, version: str, architecture: str, licence: str, net: nn.Module, size: int, margin: float, length: int, file: Path) -> dict:
    """`model.json` of an imported net: uncalibrated, so that its probabilities mean little until `calibrate` has run."""
    return {
        "name": name, "version": version, "architecture": architecture, **network_fields(net, size, margin, length, file),
        "licence": licence, "training_data": ["imported; see the terms of the checkpoint"], "metrics": {},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--architecture", required=True, choices=sorted(ARCHITECTURES))
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--licence", required=True, help="the terms the weights come under")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--margin", type=float, default=1.3)
    parser.add_argument("--length", type=int, default=8, help="frames of a sequence")
    parser.add_argument("--fake-index", type=int, default=1, choices=(0, 1))
    parser.add_argument("--mean", type=float, nargs=3)
    parser.add_argument("--std", type=float, nargs=3)
    parser.add_argument("--same-padding", action="store_true", help="TensorFlow's padding, as efficientnet_pytorch has it")
    parser.add_argument("--out", type=Path, default=MODELS)
    arguments = parser.parse_args()
    options = {"size": arguments.size} if arguments.architecture.startswith("meso") else {}
    net = build(arguments.architecture, **options)
    if arguments.same_padding:
        use_same_padding(net)
    way = fill(net, read_tensors(arguments.checkpoint), arguments.fake_index)
    net.mean, net.std = tuple(arguments.mean or net.mean), tuple(arguments.std or net.std)
    length = arguments.length if isinstance(net, TrackNet) else 0
    folder = arguments.out / arguments.name
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.onnx"
    write_onnx(net, arguments.size, file, length)
    difference = parity(net.eval(), file, arguments.size, length)
    print(f"filled by {way}; {file} {file.stat().st_size / 1e6:.1f} MB, largest difference {difference:.1e}")
    if difference > 1e-4:
        raise SystemExit("the exported net says something else than the imported one.")
    content = manifest(arguments.name, arguments.version, arguments.architecture, arguments.licence, net, arguments.size, arguments.margin, length, file)
    (folder / "model.json").write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
