"""Exports a trained net to ONNX and checks that it still says the same: `python3 -m detector.export configs/NAME.toml`.

Outputs are `logit` [N, 1] and, where the net has maps, `cam` [N, h, w]; the batch dimension is free. `model.json` is written anew; calibration and metrics
of an earlier export are dropped, since they belong to other weights.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

from .config import Config, read_config
from .nets import MobileNetV2, RgbSpectrum, build, parameter_count
from .runtime import Session
from .sequence import TrackNet, check_length

MODELS = Path(__file__).resolve().parents[2] / "models"

TERMS = {
    "openforensics": "OpenForensics-derived 256 px faces: research use",
    "lfw": "Labeled Faces in the Wild: research use",
    "ffpp_c23": "FaceForensics++ c23 clips: FaceForensics++ terms, non-commercial research",
    "ffpp_crops": "FaceForensics++ face crops: FaceForensics++ terms, non-commercial research",
    "stylegan": "FFHQ-like and StyleGAN portraits: research use",
    "portraits_gan": "studio portraits of a GAN: no terms stated",
    "fairface_540": "FairFace faces: CC BY",
    "london_set": "Face Research Lab London Set: CC BY",
    "canada_set": "Canadian faces: CC BY",
    "portraits_web": "portraits from the web: terms unknown",
    "caltech_faces": "Caltech faces: research use",
    "sports_stars": "press portraits: no terms stated",
    "talk_mead": "MEAD: research use",
    "talk_styletalk": "talking heads: research use",
    "talk_grid": "GRID: research use",
    "talk_vox": "VoxCeleb: research use",
    "dfdc_faces": "DFDC face crops: non-commercial research",
}
"""Of the sources that the shipped models saw; an experiment's file names those of others."""

FACEFORENSICS = {"ffpp_c23", "ffpp_crops"}


def load_average(config: Config) -> nn.Module:
    """The averaged weights of a run's checkpoint, in evaluation mode."""
    state = torch.load(config.run_folder / "checkpoint.pt", map_location="cpu")
    # What a pretrained start would load is overwritten anyway; some nets have none.
    net = build(config.architecture, **{name: "scratch" if name == "start" else value for name, value in config.options.items()})
    check_length(net, config.length)
    _match_layers(net, config)
    weights = state["ema"]
    if config.train.half_of_start:
        start = torch.load(config.run_folder.with_name(config.train.continues) / "checkpoint.pt", map_location="cpu")["ema"]
        weights = {name: (value + start[name]) / 2 if value.dtype.is_floating_point else value for name, value in weights.items()}
    net.load_state_dict(weights)
    return net.eval()


def write_onnx(net: nn.Module, size: int, path: Path, length: int = 0) -> None:
    """Opset 13, constants folded, batch norm merged into the convolutions. `length`: frames of a sequence, 0 for one crop."""
    check_length(net, length)
    net = net.eval()
    example = torch.zeros(2, length, 3, size, size) if length else torch.zeros(2, 3, size, size)
    with torch.no_grad():
        outputs = ["logit"] if net(example)[1] is None else ["logit", "cam"]
    torch.onnx.export(
        net, example, str(path), opset_version=13, do_constant_folding=True,
        input_names=["input"], output_names=outputs, dynamic_axes={name: {0: "batch"} for name in ("input", *outputs)},
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


def parity(net: nn.Module, path: Path, size: int, length: int = 0, seed: int = 0) -> float:
    """Largest difference of all outputs between PyTorch and the InferenceWorker's runtime, relative where an output is above one, over
    batches of one, two and three."""
    rng = np.random.default_rng(seed)
    session = Session(path)
    worst = 0.0
    for batch in (1, 2, 3):
        x = rng.random((batch, length, 3, size, size) if length else (batch, 3, size, size), np.float32)
        answers = session.run(x)
        with torch.no_grad():
            expected = net(torch.from_numpy(x))
        for name, value in zip(("logit", "cam"), expected):
            if value is not None:
                value = value.numpy()
                worst = max(worst, float((np.abs(answers[name] - value) / np.maximum(np.abs(value), 1)).max()))
    session.close()
    return worst


def network_fields(net: nn.Module, size: int, margin: float, length: int, file: Path) -> dict:
    """What `model.json` says of the network itself, uncalibrated. `length`: frames of a sequence, 0 for one crop."""
    outputs = [output.name for output in onnx.load(str(file)).graph.output]
    return {
        "kind": "sequence" if length else "frame",
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "input": {
            "size": size, "layout": "nchw", "colour": "rgb", "mean": list(net.mean), "std": list(net.std),
            "margin": margin, "tta_flip": False, **({"sequence_length": length} if length else {}),
        },
        # The service refuses a manifest that names an output which is not there.
        "output": {"name": "logit", "kind": "logit", "fake_index": 1, **({"cam": "cam"} if "cam" in outputs else {})},
        "calibration": {"a": 1.0, "b": 0.0},
        "weight": 1.0,
        "parameters": parameter_count(net),
    }


def provenance(config: Config) -> tuple[str, list[str]]:
    """Terms of the weights, and of all they were made of: every source, the pretrained start, and those of the runs that this one continues.
    Raises ValueError, with what to write where, when the experiment's file leaves them open.
    """
    origins = [config]
    while origins[-1].train.continues:
        origins.append(read_config(config.path.with_name(f"{origins[-1].train.continues}.toml")))
    licence = config.licence
    terms: dict[str, str] = {}
    starts = []
    for origin in origins:
        drawn = {*origin.data.blend_sources, *origin.data.pair_sources}
        for source in sorted({*drawn, *(origin.data.reals_of.get(source, source) for source in drawn)}):
            known = origin.data.terms.get(source) or config.data.terms.get(source) or TERMS.get(source)
            if not known:
                raise ValueError(f"{origin.path}: under which terms does '{source}' come? Write below [data]: terms = {{ {source} = \"…\" }}")
            terms.setdefault(source, known)
        if origin.options.get("start") == "nsfwjs":
            starts.append(f"start: {'InceptionV3' if origin.architecture == 'inception_v3' else 'MobileNetV2'} weights of npm nsfwjs 4.3.0 (MIT)")
    if not licence:
        others = sorted(terms.keys() - TERMS.keys())
        if others:
            raise ValueError(f"{config.path}: which terms do weights that saw '{others[0]}' come under? Write at the top: licence = \"…\"")
        licence = f"non-commercial research: trained on {'FaceForensics++ and ' if terms.keys() & FACEFORENSICS else ''}research-only face sets"
    return licence, [*(terms[source] for source in sorted(terms)), *dict.fromkeys(starts)]


def manifest(config: Config, net: nn.Module, file: Path, version: str, epochs: int) -> dict:
    """`model.json` before calibration (see models/README.md for the fields). Raises ValueError as `provenance` does."""
    licence, training_data = provenance(config)
    return {
        "name": config.name,
        "version": version,
        "architecture": config.architecture,
        **network_fields(net, config.size, config.margin, config.length, file),
        "licence": licence,
        "training_data": training_data,
        "training": {"config": config.digest, "epochs": epochs, "steps": epochs * config.train.steps_per_epoch},
        "metrics": {},
    }


def _match_layers(net: nn.Module, config: Config) -> None:
    # A pretrained start changes padding and epsilon, not only weights.
    if config.options.get("start") == "nsfwjs" and isinstance(net, (MobileNetV2, RgbSpectrum, TrackNet)):
        net.use_tensorflow_conventions()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--version", required=True)
    arguments = parser.parse_args()
    config = read_config(arguments.config)
    provenance(config)
    net = load_average(config)
    epochs = torch.load(config.run_folder / "checkpoint.pt", map_location="cpu")["epoch"]
    folder = MODELS / config.name
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.onnx"
    write_onnx(net, config.size, file, config.length)
    difference = parity(net, file, config.size, config.length)
    print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB, largest difference {difference:.1e}")
    if difference > 1e-4:
        raise SystemExit("the exported net says something else than the trained one.")
    text = json.dumps(manifest(config, net, file, arguments.version, epochs), indent=2)
    (folder / "model.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
