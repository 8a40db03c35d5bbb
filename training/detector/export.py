"""Exports a trained net to ONNX and checks that it still says the same: `python3 -m detector.export configs/NAME.toml`.

Outputs are `logit` [N, 1] and `cam` [N, h, w]; the batch dimension is free. `model.json` is written anew; calibration and metrics
of an earlier export are dropped, since they belong to other weights.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch import nn

from .config import Config, read_config
from .nets import build, parameter_count

MODELS = Path(__file__).resolve().parents[2] / "models"

TERMS = {
    "openforensics": "OpenForensics-derived 256 px faces: research use",
    "lfw": "Labeled Faces in the Wild: research use",
    "ffpp_c23": "FaceForensics++ c23 clips: FaceForensics++ terms, non-commercial research",
    "ffpp_crops": "FaceForensics++ face crops: FaceForensics++ terms, non-commercial research",
    "stylegan": "FFHQ-like and StyleGAN portraits: research use",
}


def load_average(config: Config) -> nn.Module:
    """The averaged weights of a run's checkpoint, in evaluation mode."""
    state = torch.load(config.run_folder / "checkpoint.pt", map_location="cpu")
    net = build(config.architecture, **{**config.options, "start": "scratch"})
    _match_layers(net, config)
    net.load_state_dict(state["ema"])
    return net.eval()


def write_onnx(net: nn.Module, size: int, path: Path) -> None:
    """Opset 13, constants folded, batch norm merged into the convolutions."""
    torch.onnx.export(
        net.eval(), torch.zeros(2, 3, size, size), str(path), opset_version=13, do_constant_folding=True,
        input_names=["input"], output_names=["logit", "cam"],
        dynamic_axes={"input": {0: "batch"}, "logit": {0: "batch"}, "cam": {0: "batch"}},
    )
    model = onnx.load(str(path))
    merge_padding(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def merge_padding(graph: onnx.GraphProto) -> None:
    """Moves the right and bottom padding of `SamePadConv` into the convolutions: the exporter writes it as a Pad whose amounts are computed."""
    makers = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        before = makers.get(node.input[0]) if node.op_type == "Conv" else None
        if before is not None and before.op_type == "Pad":
            node.input[0] = before.input[0]
            attributes = [a for a in node.attribute if a.name != "pads"]
            del node.attribute[:]
            node.attribute.extend([*attributes, onnx.helper.make_attribute("pads", [0, 0, 1, 1])])
    used = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if used.intersection(node.output):
            used.update(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))


def parity(net: nn.Module, path: Path, size: int, seed: int = 0) -> float:
    """Largest difference of both outputs between PyTorch and another runtime (OpenCV's), over three random inputs."""
    rng = np.random.default_rng(seed)
    other = cv2.dnn.readNetFromONNX(_for_opencv(onnx.load(str(path))).SerializeToString())
    worst = 0.0
    for _ in range(3):
        x = rng.standard_normal((1, 3, size, size)).astype(np.float32)
        other.setInput(x)
        logit, cam = other.forward(["logit", "cam"])
        with torch.no_grad():
            expected = net(torch.from_numpy(x))
        worst = max(worst, float(np.abs(logit - expected[0].numpy()).max()), float(np.abs(cam - expected[1].numpy()).max()))
    return worst


def _for_opencv(model: onnx.ModelProto) -> onnx.ModelProto:
    # OpenCV 4.6 reads Clip only in its older form, with the limits as attributes, and no Identity of a constant.
    same = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "Identity"}
    kept = [node for node in model.graph.node if node.op_type != "Identity"]
    for node in kept:
        for i, name in enumerate(node.input):
            node.input[i] = same.get(name, name)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    numbers = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            numbers[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
    for node in model.graph.node:
        if node.op_type == "Clip" and len(node.input) == 3:
            low, high = (float(numbers[name]) for name in node.input[1:])
            del node.input[1:]
            node.attribute.extend([onnx.helper.make_attribute("min", low), onnx.helper.make_attribute("max", high)])
    return model


def manifest(config: Config, net: nn.Module, file: Path, version: str, epochs: int) -> dict:
    """`model.json` before calibration (see models/README.md for the fields)."""
    sources = sorted({*config.data.blend_sources, *config.data.pair_sources})
    return {
        "name": config.name,
        "version": version,
        "architecture": config.architecture,
        "kind": "frame",
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "input": {
            "size": config.size, "layout": "nchw", "colour": "rgb", "mean": list(net.mean), "std": list(net.std),
            "margin": config.margin, "tta_flip": False,
        },
        "output": {"name": "logit", "kind": "logit", "fake_index": 1, "cam": "cam"},
        "calibration": {"a": 1.0, "b": 0.0},
        "weight": 1.0,
        "parameters": parameter_count(net),
        "licence": "non-commercial research: trained on FaceForensics++ and research-only face sets",
        "training_data": [TERMS[source] for source in sources] + ["start: MobileNetV2 weights of npm nsfwjs 4.3.0 (MIT)"],
        "training": {"config": config.digest, "epochs": epochs, "steps": epochs * config.train.steps_per_epoch},
        "metrics": {},
    }


def _match_layers(net: nn.Module, config: Config) -> None:
    # A pretrained start changes padding and epsilon, not only weights.
    if config.options.get("start") == "nsfwjs":
        net.use_tensorflow_conventions()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--version", required=True)
    arguments = parser.parse_args()
    config = read_config(arguments.config)
    net = load_average(config)
    epochs = torch.load(config.run_folder / "checkpoint.pt", map_location="cpu")["epoch"]
    folder = MODELS / config.name
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.onnx"
    write_onnx(net, config.size, file)
    difference = parity(net, file, config.size)
    print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB, largest difference {difference:.1e}")
    if difference > 1e-4:
        raise SystemExit("the exported net says something else than the trained one.")
    text = json.dumps(manifest(config, net, file, arguments.version, epochs), indent=2)
    (folder / "model.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
