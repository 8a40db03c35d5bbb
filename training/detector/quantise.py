"""An INT8 variant of an exported net: `python3 -m detector.quantise NAME --crops DIR --manifest FILE`.

Static quantisation in ONNX's own form (QuantizeLinear and DequantizeLinear around each operator, which the runtime fuses into integer
kernels): activations in 8 bits with one scale a tensor, weights in 8 bits with one scale a channel. Ranges come of training crops, clipped
where that costs least. Convolutions that give an output of the net stay in floating point: what they lose nothing after them makes good.

Writes `model.int8.onnx` beside the model and, into `model.json`, what it loses on held-out people and what it gains in speed. The service
loads it when `file` and `sha256` name it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Protocol, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from . import metrics
from .crops import central_view
from .data import CropSet
from .export import MODELS
from .runtime import Session
from .speed import crops_per_second

class Faces(Protocol):
    """What is read of `CropSet` and of `NativeFaces`."""

    rows: Sequence

    def where(self, split: str) -> list[int]:
        """Row numbers of a split."""


CALIBRATION_CROPS = 192
FIRST_IN_FLOAT = (0, 5, 8, 11, 14, 20)
"""How many of the first convolutions are tried in floating point, until the logits of training crops differ by less than LOGIT_TOLERANCE."""

LOGIT_TOLERANCE = 0.1

VALUES_KEPT = 4096
"""Values of a tensor kept of each calibration crop."""

_CLIPS = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)


def quantise(path: Path, inputs: list[np.ndarray], target: Path, kept_first: int = 0) -> int:
    """Writes the INT8 form of a net; `inputs`: calibration tensors [1, 3, S, S]. The first `kept_first` convolutions stay in floating point:
    the traces of a blend are faint there, and 8 bits round them off. Returns how many convolutions are held in integers.
    """
    model = onnx.load(str(path))
    graph = model.graph
    outputs = {output.name for output in graph.output}
    named = {initialiser.name: initialiser for initialiser in graph.initializer}
    # The exporter names equal weights once and lets the others refer to them.
    named |= {n.output[0]: named[n.input[0]] for n in graph.node if n.op_type == "Identity" and n.input[0] in named}
    ending = _leading_to(graph, outputs)
    every = [n for n in graph.node if n.op_type == "Conv"]
    convolutions = [n for n in every[kept_first:] if n.output[0] not in ending and n.input[1] in named]
    sums = [n for n in graph.node if n.op_type == "Add" and not outputs.intersection(n.output) and _both_quantised(n, graph, convolutions)]
    tensors = _tensors_to_quantise(graph, convolutions, sums)
    ranges = _ranges(model, tensors, inputs)
    nodes, renamed = [], {}
    scales: dict[str, float] = {}
    for name in tensors:
        scale, zero = _scale(*ranges[name])
        scales[name] = scale
        nodes_of = _quantised_tensor(graph, name, scale, zero)
        renamed[name] = (nodes_of, f"{name}/dequantised")
    for given in graph.input:
        if given.name in renamed:
            nodes += renamed[given.name][0]
    integers = {id(n) for n in (*convolutions, *sums)}
    for node in graph.node:
        if id(node) in integers:
            if node.op_type == "Conv":
                _quantise_weights(graph, node, named, scales[node.input[0]], nodes)
            for at, name in enumerate(node.input):
                if name in renamed:
                    node.input[at] = renamed[name][1]
        nodes.append(node)
        for name in node.output:
            if name in renamed:
                nodes += renamed[name][0]
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in graph.node for name in node.input}
    kept = [i for i in graph.initializer if i.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))
    return len(convolutions)


def quantise_within(path: Path, inputs: list[np.ndarray], target: Path, tolerance: float = LOGIT_TOLERANCE) -> int:
    """Writes the INT8 form with as few convolutions in floating point as hold the mean difference of the logits below the tolerance. Returns
    how many are held in integers. Raises ValueError when none of those tried does."""
    expected = _logits(path, inputs)
    for kept_first in FIRST_IN_FLOAT:
        count = quantise(path, inputs, target, kept_first)
        difference = float(np.abs(_logits(target, inputs) - expected).mean())
        print(f"first {kept_first} in floating point: logits differ by {difference:.3f} in the mean")
        if difference <= tolerance:
            return count
    target.unlink()
    raise ValueError(f"{path} loses more than {tolerance} of its logit in 8 bits.")


def _logits(path: Path, inputs: list[np.ndarray]) -> np.ndarray:
    session = Session(path)
    values = np.array([session.run(x)["logit"][0, 0] for x in inputs])
    session.close()
    return values


def _leading_to(graph: onnx.GraphProto, outputs: set[str]) -> set[str]:
    """Tensors from which an output of the net is reached without another convolution."""
    found = set(outputs)
    for node in reversed(graph.node):
        if node.op_type in ("Gather", "Squeeze", "Add", "Reshape") and found.intersection(node.output):
            found.update(node.input)
    return found


def _both_quantised(node: onnx.NodeProto, graph: onnx.GraphProto, convolutions: list[onnx.NodeProto]) -> bool:
    """A sum of two results of convolutions or of earlier such sums: what residual blocks end in."""
    makers = {output: n for n in graph.node for output in n.output}
    ours = {id(n) for n in convolutions}
    reaches = lambda name: name in makers and (id(makers[name]) in ours or (makers[name].op_type in ("Add", "Relu") and all(map(reaches, makers[name].input))))
    return all(map(reaches, node.input))


def _tensors_to_quantise(graph: onnx.GraphProto, convolutions: list[onnx.NodeProto], sums: list[onnx.NodeProto]) -> list[str]:
    names = dict.fromkeys(n.input[0] for n in convolutions)
    for node in sums:
        names |= dict.fromkeys((*node.input, *node.output))
    followed = {name: n for n in graph.node for name in n.input if n.op_type == "Relu"}
    # A convolution's result that is only clipped needs no scale of its own; every other one does, or its kernel stays in floating point.
    for node in convolutions:
        result = node.output[0]
        names |= dict.fromkeys([followed[result].output[0] if result in followed else result])
    return list(names)


def _ranges(model: onnx.ModelProto, tensors: list[str], inputs: list[np.ndarray]) -> dict[str, tuple[float, float]]:
    """Lower and upper end of each tensor, clipped where the mean squared error of rounding to 8 bits is least."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    given = {i.name for i in model.graph.input}
    del watched.graph.output[:]
    inner = [name for name in tensors if name not in given]
    watched.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in inner)
    seen: dict[str, list[np.ndarray]] = {name: [] for name in tensors}
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "watched.onnx"
        onnx.save(watched, str(file))
        session = Session(file)
        for x in inputs:
            values = session.run(x) | {name: x for name in given}
            for name in tensors:
                flat = values[name].ravel()
                part = flat if flat.size <= VALUES_KEPT else flat[rng.integers(0, flat.size, VALUES_KEPT)]
                seen[name].append(np.concatenate([part, [flat.min(), flat.max()]]))
        session.close()
    return {name: _least_error(np.concatenate(values)) for name, values in seen.items()}


def _least_error(values: np.ndarray) -> tuple[float, float]:
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 1e-6)
    def error(share: float) -> float:
        scale, zero = _scale(low * share, high * share)
        rounded = (np.clip(np.round(values / scale) + zero, 0, 255) - zero) * scale
        return float(np.square(rounded - values).mean())
    share = min(_CLIPS, key=error)
    return low * share, high * share


def _scale(low: float, high: float) -> tuple[float, int]:
    scale = (high - low) / 255
    return scale, int(round(-low / scale))


def _quantised_tensor(graph: onnx.GraphProto, name: str, scale: float, zero: int) -> list[onnx.NodeProto]:
    graph.initializer.extend([
        numpy_helper.from_array(np.float32(scale), f"{name}/scale"), numpy_helper.from_array(np.uint8(zero), f"{name}/zero"),
    ])
    step = [f"{name}/scale", f"{name}/zero"]
    return [
        helper.make_node("QuantizeLinear", [name, *step], [f"{name}/quantised"]),
        helper.make_node("DequantizeLinear", [f"{name}/quantised", *step], [f"{name}/dequantised"]),
    ]


def _quantise_weights(graph: onnx.GraphProto, node: onnx.NodeProto, named: dict[str, TensorProto], input_scale: float, nodes: list) -> None:
    """Replaces a convolution's weights and offsets by integers, one scale an output channel."""
    weight = numpy_helper.to_array(named[node.input[1]])
    scales = np.maximum(np.abs(weight).reshape(len(weight), -1).max(1), 1e-8).astype(np.float32) / 127
    whole = np.clip(np.round(weight / scales.reshape(-1, *[1] * (weight.ndim - 1))), -127, 127).astype(np.int8)
    base = node.output[0]
    _dequantised(graph, nodes, f"{base}/weight", whole, scales, np.zeros(len(scales), np.int8))
    node.input[1] = f"{base}/weight/dequantised"
    if len(node.input) > 2:
        offset = numpy_helper.to_array(named[node.input[2]])
        steps = (scales * np.float32(input_scale)).astype(np.float32)
        _dequantised(graph, nodes, f"{base}/offset", np.round(offset / steps).clip(-(2**31), 2**31 - 1).astype(np.int32), steps, np.zeros(len(steps), np.int32))
        node.input[2] = f"{base}/offset/dequantised"


def _dequantised(graph: onnx.GraphProto, nodes: list, name: str, values: np.ndarray, scales: np.ndarray, zeros: np.ndarray) -> None:
    graph.initializer.extend(numpy_helper.from_array(array, f"{name}{end}") for array, end in ((values, ""), (scales, "/scale"), (zeros, "/zero")))
    nodes.append(helper.make_node("DequantizeLinear", [name, f"{name}/scale", f"{name}/zero"], [f"{name}/dequantised"], axis=0))


def calibration_inputs(faces: Faces, views: Callable[[int], np.ndarray], count: int = CALIBRATION_CROPS) -> list[np.ndarray]:
    """Inputs [1, 3, S, S] of training faces, every class and source alike: one view of a face."""
    rng = np.random.default_rng(3)
    kinds: dict[tuple[str, bool], list[int]] = {}
    for i in faces.where("train"):
        kinds.setdefault((faces.rows[i].medium.source, faces.rows[i].fake), []).append(i)
    rows = [rows[int(rng.integers(len(rows)))] for _, rows in zip(range(count), list(kinds.values()) * count)]
    return [shown[(at := int(rng.integers(len(shown)))) : at + 1] for shown in map(views, rows)]


def model_input(model: dict, crop: np.ndarray) -> np.ndarray:
    """A crop as the net of a `model.json` takes it: float32 [1, 3, S, S]."""
    given = model["input"]
    view = central_view(crop, given["margin"], given["size"]).astype(np.float32) / 255
    mean, std = (np.array(given[name], np.float32) for name in ("mean", "std"))
    return np.ascontiguousarray(((view - mean) / std).transpose(2, 0, 1)[None])


@dataclass(frozen=True)
class Shown:
    """One held-out face as a net is shown it: `views` float32 [R, 3, S, S], of which the mean logit is the face's."""

    source: str
    fake: bool
    views: np.ndarray


def held_out(faces: Faces, views: Callable[[int], np.ndarray], per_class: int = 150) -> list[Shown]:
    """One face of each held-out medium, up to so many of a class and source."""
    rows: dict[tuple[str, bool], dict[str, int]] = {}
    for i in faces.where("val"):
        row = faces.rows[i]
        rows.setdefault((row.medium.source, row.fake), {}).setdefault(row.medium.path, i)
    return [Shown(source, fake, views(i)) for (source, fake), media in rows.items() for i in list(media.values())[:per_class]]


def compare(first: Path, second: Path, shown: list[Shown]) -> dict:
    """What the second net loses against the first, and both speeds."""
    sessions = [Session(path) for path in (first, second)]
    logits = np.array([[float(session.run(face.views)["logit"][:, 0].mean()) for session in sessions] for face in shown])
    rows = max(len(face.views) for face in shown)
    speeds = [crops_per_second(session, shown[0].views.shape[-1]) / rows for session in sessions]
    for session in sessions:
        session.close()
    result: dict = {
        "crops": len(shown), "logit_correlation": round(float(np.corrcoef(logits.T)[0, 1]), 5),
        "logit_difference_mean": round(float(np.abs(logits[:, 0] - logits[:, 1]).mean()), 4),
        "crops_per_second_float32": round(speeds[0], 1), "crops_per_second_int8": round(speeds[1], 1), "auc": {},
    }
    for source in sorted({face.source for face in shown}):
        inside = [at for at, face in enumerate(shown) if face.source == source]
        labels = np.array([shown[at].fake for at in inside])
        if labels.any() and not labels.all():
            result["auc"][source] = [round(metrics.auc(labels, logits[inside, which]), 4) for which in (0, 1)]
    return result


def write_variant(folder: Path, calibration: list[np.ndarray], shown: list[Shown]) -> None:
    """Writes `model.int8.onnx` into a model's folder and what it loses and gains into its `model.json`, and prints both."""
    path = folder / "model.json"
    model = json.loads(path.read_text())
    target = folder / "model.int8.onnx"
    count = quantise_within(folder / model["file"], calibration, target)
    result = compare(folder / model["file"], target, shown)
    model["variants"] = [{"precision": "int8", "file": target.name, "sha256": hashlib.sha256(target.read_bytes()).hexdigest(), **result}]
    path.write_text(json.dumps(model, indent=2) + "\n")
    print(f"{count} convolutions in integers, {target.stat().st_size / 1e6:.1f} MB")
    print(json.dumps(result, indent=1))


def run(description: str | None, view: str, open_faces: Callable[[Path, Path], Faces], views: Callable[[dict, Faces, int], np.ndarray]) -> None:
    """The command line, for nets of one view: `views` gives what the net of a `model.json` is shown of a row, float32 [R, 3, S, S]."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("name", help="folder below models/")
    parser.add_argument("--crops", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    arguments = parser.parse_args()
    folder = MODELS / arguments.name
    model = json.loads((folder / "model.json").read_text())
    if (own := model["input"].get("view", "context")) != view:
        raise SystemExit(f"{arguments.name} has the view '{own}': use {'texture' if own == 'texture' else 'detector'}.quantise.")
    faces = open_faces(arguments.crops, arguments.manifest)
    shown = lambda row: views(model, faces, row)
    write_variant(folder, calibration_inputs(faces, shown), held_out(faces, shown))


def main() -> None:
    run(__doc__, "context", CropSet.open, lambda model, crops, row: model_input(model, crops.pixels(row)))


if __name__ == "__main__":
    main()
