import tempfile
import unittest
import warnings
from pathlib import Path

import torch

from detector import runtime
from detector.export import parity, write_onnx
from detector.nets import ARCHITECTURES, build, parameter_count
from detector.sequence import TrackNet

SIZES = {"inception_v3": 96, "efficientnet_b4": 96, "convnext_base": 32}
OPTIONS = {"mesonet4": {"size": 64}, "mesoinception4": {"size": 64}, "rgb_spectrum": {"size": 64}}
SHALLOW = {"convnext_base": {"depth": 1}, "swin_small": {"depth": 2}}
"""The deepest nets repeat one block: exporting it once is enough."""

MILLIONS = {
    "compact_cnn": 1.0, "convnext_base": 87.6, "efficientnet_b0": 4.0, "efficientnet_b4": 17.5, "inception_v3": 9.0, "mesoinception4": 0.003,
    "mesonet4": 0.006, "mobilenet_bilstm": 2.9, "mobilenet_v2": 2.2, "noise_residual": 0.4, "resnet50": 23.5, "resnet50_bilstm": 28.2,
    "rgb_spectrum": 2.2, "swin_small": 48.8, "xception": 20.8,
}


@unittest.skipUnless(runtime.LIBRARY.exists(), "npm assets are not fetched")
class ExportTest(unittest.TestCase):
    """One test a name: built, exported, and run by the InferenceWorker's runtime, with weights and statistics that are not the start's."""

    def check(self, name: str) -> None:
        torch.manual_seed(0)
        size = SIZES.get(name, 64)
        net = build(name, **OPTIONS.get(name, {}))
        self.assertAlmostEqual(parameter_count(net) / 1e6, MILLIONS[name], delta=0.06 + 0.01 * MILLIONS[name])
        net = build(name, **SHALLOW[name]) if name in SHALLOW else net
        _unsettle(net)
        length = 3 if isinstance(net, TrackNet) else 0
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path = Path(folder) / "model.onnx"
            write_onnx(net, size, path, length)
            self.assertLess(parity(net, path, size, length), 1e-4)


def _unsettle(net: torch.nn.Module) -> None:
    # Norms as they start would hide a wrong one.
    for layer in net.eval().modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(layer.running_mean, std=0.05)
            torch.nn.init.uniform_(layer.running_var, 0.8, 1.4)
            torch.nn.init.uniform_(layer.weight, 0.7, 1.0)


for _name in ARCHITECTURES:
    setattr(ExportTest, f"test_{_name}_says_the_same_when_exported", lambda self, name=_name: self.check(name))


if __name__ == "__main__":
    unittest.main()
