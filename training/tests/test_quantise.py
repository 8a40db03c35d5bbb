import hashlib
import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
import torch

from detector import runtime
from detector.export import write_onnx
from detector.nets import build
from detector.quantise import Shown, compare, quantise, quantise_within, write_variant
from detector.runtime import Session
from detector.speed import crops_per_second

SIDE = 48


@unittest.skipUnless(runtime.LIBRARY.exists(), "the build or the npm assets are missing")
class QuantiseTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.manual_seed(4)
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = Path(cls.folder.name) / "model.onnx"
        write_onnx(build("mobilenet_v2"), SIDE, cls.path)
        rng = np.random.default_rng(0)
        cls.inputs = [rng.random((1, 3, SIDE, SIDE), np.float32) for _ in range(6)]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def outputs(self, path):
        session = Session(path)
        values = [session.run(x) for x in self.inputs]
        session.close()
        return {name: np.stack([v[name] for v in values]) for name in ("logit", "cam")}

    def test_integers_say_nearly_what_floating_point_says(self):
        target = self.path.with_name("all.onnx")
        self.assertEqual(quantise(self.path, self.inputs, target), 52)
        expected, said = self.outputs(self.path), self.outputs(target)
        for name in ("logit", "cam"):
            self.assertEqual(said[name].shape, expected[name].shape)
            self.assertLess(np.abs(said[name] - expected[name]).mean(), 0.3 * np.abs(expected[name]).mean() + 1e-3)
        self.assertLess(target.stat().st_size, 0.35 * self.path.stat().st_size)

    def test_the_first_layers_and_those_that_answer_stay_in_floating_point(self):
        target = self.path.with_name("some.onnx")
        self.assertEqual(quantise(self.path, self.inputs, target, kept_first=8), 44)
        graph = onnx.load(str(target)).graph
        made = {output for node in graph.node for output in node.output if node.op_type == "DequantizeLinear"}
        in_floats = [n for n in graph.node if n.op_type == "Conv" and not made.intersection(n.input)]
        self.assertEqual(in_floats[:8], [n for n in graph.node if n.op_type == "Conv"][:8])
        self.assertEqual(len(in_floats), 9)

    def test_a_variant_that_says_something_else_is_not_written(self):
        target = self.path.with_name("none.onnx")
        with self.assertRaisesRegex(ValueError, "8 bits"):
            quantise_within(self.path, self.inputs, target, tolerance=0.0)
        self.assertFalse(target.exists())

    def test_what_the_variant_loses_stands_in_the_model_s_file(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "model.onnx").write_bytes(self.path.read_bytes())
        (folder / "model.json").write_text(json.dumps({"file": "model.onnx", "name": "m"}))
        rng = np.random.default_rng(1)
        # Two views of each face: the mean of both is what it scores.
        shown = [Shown(source, fake, rng.random((2, 3, SIDE, SIDE), np.float32)) for source in ("a", "b") for fake in (False, True, True)]
        write_variant(folder, self.inputs, shown)
        (variant,) = json.loads((folder / "model.json").read_text())["variants"]
        self.assertEqual((variant["precision"], variant["crops"], sorted(variant["auc"])), ("int8", 6, ["a", "b"]))
        self.assertEqual(variant["sha256"], hashlib.sha256((folder / "model.int8.onnx").read_bytes()).hexdigest())
        same = compare(folder / "model.onnx", folder / "model.onnx", shown)
        self.assertEqual(same["logit_difference_mean"], 0)
        self.assertEqual(*same["auc"]["a"])

    def test_speed_is_counted_in_crops(self):
        session = Session(self.path)
        self.assertGreater(crops_per_second(session, SIDE, 2, 0.05), 1)
        session.close()


if __name__ == "__main__":
    unittest.main()
