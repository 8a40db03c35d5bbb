import dataclasses
import json
import re
import shutil
import subprocess
import tempfile
import unittest
import warnings
from pathlib import Path

import onnx
import torch

from detector import import_weights, runtime
from detector.config import TRAINING, read_config
from detector.export import manifest, parity, write_onnx
from detector.nets import ARCHITECTURES, build, parameter_count
from detector.sequence import TrackNet

SIZES = {"inception_v3": 96, "efficientnet_b4": 96, "convnext_base": 32}
OPTIONS = {"mesonet4": {"size": 64}, "mesoinception4": {"size": 64}, "rgb_spectrum": {"size": 64}}
SHALLOW = {"convnext_base": {"depth": 1}, "swin_small": {"depth": 2}}
"""The deepest nets repeat one block: exporting it once is enough."""

MILLIONS = {
    "compact_cnn": 1.0, "convnext_base": 87.6, "efficientnet_b0": 4.0, "efficientnet_b4": 17.5, "inception_v3": 9.0, "mesoinception4": 0.003,
    "mesonet4": 0.006, "mobilenet_bilstm": 2.9, "mobilenet_v2": 2.2, "noise_residual": 0.4, "resnet18": 2.8, "resnet50": 23.5, "resnet50_bilstm": 28.2,
    "rgb_spectrum": 2.2, "swin_small": 48.8, "xception": 20.8,
}


WORKER = TRAINING.parent / "InferenceWorker/bin/Release/net10.0/Deepfake.InferenceWorker.dll"
MAPLESS = {"convnext_base", "mesonet4", "mesoinception4", "mobilenet_bilstm", "resnet50_bilstm"}


@unittest.skipUnless(runtime.LIBRARY.exists(), "the build or the npm assets are missing")
class ExportTest(unittest.TestCase):
    """One test a name: built, exported as a model folder, run by the InferenceWorker's runtime, with weights and statistics that are not the
    start's, and loaded by the InferenceWorker itself."""

    def check(self, name: str) -> None:
        torch.manual_seed(0)
        size = SIZES.get(name, 64)
        net = build(name, **OPTIONS.get(name, {}))
        self.assertAlmostEqual(parameter_count(net) / 1e6, MILLIONS[name], delta=0.06 + 0.01 * MILLIONS[name])
        net = build(name, **SHALLOW[name]) if name in SHALLOW else net
        _unsettle(net)
        length = 3 if isinstance(net, TrackNet) else 0
        with tempfile.TemporaryDirectory() as models, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            folder = Path(models) / name
            folder.mkdir()
            path = folder / "model.onnx"
            write_onnx(net, size, path, length)
            self.assertLess(parity(net, path, size, length), 1e-4)
            config = dataclasses.replace(read_config(TRAINING / "configs/swap-mobilenet-1.toml"), name=name, architecture=name, size=size, length=length)
            model = manifest(config, net, path, "1.0.0", 1)
            (folder / "model.json").write_text(json.dumps(model))
            self.is_what_the_network_is(model, path)
            imported = import_weights.manifest(name, "1.0.0", name, "none", net, size, config.margin, length, path)
            for field in ("kind", "file", "sha256", "input", "output"):
                self.assertEqual(imported[field], model[field])
            self.assertEqual("cam" in model["output"], name not in MAPLESS)
            loads(self, Path(models), name)

    def is_what_the_network_is(self, model: dict, path: Path) -> None:
        """The rules of InferenceWorker/Models/ModelFolder.cs and Inference/NetworkSignature.cs."""
        self.assertRegex(model["name"], re.compile(r"^[a-z0-9._-]{1,64}\Z"))
        graph = onnx.load(str(path)).graph
        size, length = model["input"]["size"], model["input"].get("sequence_length")
        self.assertEqual(model["kind"], "sequence" if length else "frame")
        self.assertEqual([_shape(value)[1:] for value in graph.input], [[*([length] if length else []), 3, size, size]])
        outputs = {value.name: _shape(value) for value in graph.output}
        self.assertEqual(outputs.keys(), {model["output"][field] for field in ("name", "cam") if field in model["output"]})
        self.assertEqual(outputs["logit"][1:], [1])


def loads(test: unittest.TestCase, models: Path, name: str) -> None:
    """Lets the InferenceWorker load the one model of a folder; where it is not built, the test ends as skipped."""
    if not (WORKER.exists() and shutil.which("dotnet")):
        test.skipTest("all but the last step went well: the InferenceWorker, which was to load the folder, is not built")
    done = subprocess.run(["dotnet", str(WORKER), "speed", str(models), "0.001"], capture_output=True, text=True, timeout=600)
    test.assertEqual(done.returncode, 0, done.stdout + done.stderr)
    test.assertIn(f"| {name} 1.0.0 |", done.stdout)


def _shape(value: onnx.ValueInfoProto) -> list[int | str]:
    return [side.dim_value or side.dim_param for side in value.type.tensor_type.shape.dim]


def _unsettle(net: torch.nn.Module) -> None:
    # Norms as they start would hide a wrong one.
    for layer in net.eval().modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(layer.running_mean, std=0.05)
            torch.nn.init.uniform_(layer.running_var, 0.8, 1.4)
            torch.nn.init.uniform_(layer.weight, 0.7, 1.0)


for _name in ARCHITECTURES:
    setattr(ExportTest, f"test_{_name}_says_the_same_when_exported_and_loads", lambda self, name=_name: self.check(name))


if __name__ == "__main__":
    unittest.main()
