"""Super-resolution nets of npm `@upscalerjs/esrgan-slim` (MIT, Kevin Scott), trained on photographs: a real picture, brought down and grown again.

Upscalers and face enhancers go over many pictures that people send, and generators end in such layers. Used while training to make paired fakes;
nothing of them is shipped. The package holds TensorFlow.js layers: a Keras graph as JSON, and one file of float32 weights.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import cv2
import numpy as np
import torch
import torch.nn.functional as F

PACKAGE = Path(__file__).resolve().parents[2] / ".deps/npm/@upscalerjs/esrgan-slim"

FACTORS = {"esrgan-2": 2, "esrgan-3": 3, "esrgan-4": 4}
"""How many times larger each net makes a picture."""


class LayersModel:
    """Runs a Keras graph of the few layers that the package uses. Pictures [N, 3, H, W] in 0–1."""

    def __init__(self, folder: Path) -> None:
        document = json.loads((folder / "model.json").read_text())
        graph = document["modelTopology"]["model_config"]["config"]
        self._layers = graph["layers"]
        self._output = graph["output_layers"][0][0]
        self._weights: dict[str, torch.Tensor] = {}
        for part in document["weightsManifest"]:
            payload, offset = b"".join((folder / path).read_bytes() for path in part["paths"]), 0
            for entry in part["weights"]:
                if entry["dtype"] != "float32" or "quantization" in entry:
                    raise ValueError(f"{folder}: weights '{entry['name']}' are not float32.")
                count = int(np.prod(entry["shape"], dtype=np.int64))
                values = np.frombuffer(payload, np.float32, count, offset).reshape(entry["shape"])
                offset += 4 * count
                # TensorFlow: [h, w, in, out]; PyTorch: [out, in, h, w].
                self._weights[entry["name"]] = torch.from_numpy((values.transpose(3, 2, 0, 1) if values.ndim == 4 else values).copy())
            if offset != len(payload):
                raise ValueError(f"{folder}: the manifest names {offset} bytes of weights, the files hold {len(payload)}.")

    @torch.no_grad()
    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        values: dict[str, torch.Tensor] = {}
        for layer in self._layers:
            given = [values[node[0]] for node in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else [pictures]
            values[layer["name"]] = self._run(layer["class_name"], layer["config"], given)
        return values[self._output]

    def _run(self, kind: str, config: dict, given: list[torch.Tensor]) -> torch.Tensor:
        if kind == "InputLayer":
            return given[0]
        if kind == "Conv2D":
            kernel = self._weights[f"{config['name']}/kernel"]
            if config["strides"] != [1, 1] or config["dilation_rate"] != [1, 1] or config["activation"] != "linear":
                raise ValueError(f"layer '{config['name']}' is a convolution of a kind that is not known here.")
            padding = kernel.shape[2] // 2 if config["padding"] == "same" else 0
            return F.conv2d(given[0], kernel, self._weights.get(f"{config['name']}/bias"), padding=padding)
        if kind == "Activation" and config["activation"] == "relu":
            return F.relu(given[0])
        if kind == "Concatenate":
            return torch.cat(given, 1)
        if kind == "Add":
            return sum(given[1:], given[0])
        if kind == "UpSampling2D" and config["interpolation"] == "nearest":
            return F.interpolate(given[0], scale_factor=tuple(map(float, config["size"])), mode="nearest")
        raise ValueError(f"layer '{config['name']}' of kind '{kind}' is not known here.")


def load(name: str, package: Path = PACKAGE) -> Callable[[np.ndarray], np.ndarray]:
    """What brings a picture uint8 [H, W, 3] down by the factor of a net and grows it again to its size."""
    factor = FACTORS[name]
    model = LayersModel(package / f"models/x{factor}")

    def grown(picture: np.ndarray) -> np.ndarray:
        height, width = (side // factor * factor for side in picture.shape[:2])
        small = cv2.resize(picture[:height, :width], (width // factor, height // factor), interpolation=cv2.INTER_AREA)
        # In full precision: eight bits of mantissa would leave steps of their own in the picture.
        result = model(torch.from_numpy(small).permute(2, 0, 1)[None].float().div(255).contiguous(memory_format=torch.channels_last))
        large = np.clip(result[0].float().permute(1, 2, 0).numpy() * 255 + 0.5, 0, 255).astype(np.uint8)
        # What the factor leaves over at two edges stays as it was.
        whole = picture.copy()
        whole[:height, :width] = large
        return whole

    return grown
