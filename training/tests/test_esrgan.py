import json
import tempfile
import unittest
from pathlib import Path

import cv2
import numpy as np
import torch

from texture import esrgan


def pattern(side):
    y, x, channel = np.meshgrid(range(side), range(side), range(3), indexing="ij")
    return ((y * 37 + x * 53 + channel * 101 + y * x * 7) % 256 / 255).astype(np.float32)


class EsrganTest(unittest.TestCase):
    # What TensorFlow.js 4 (layers and CPU backend, in Node) says of the same pattern of 8 by 8 pixels: six values evenly over the output, and the mean.
    KNOWN = {
        2: ([0.30427, 0.47675, 0.36087, 0.4895, 0.42204, 0.39909], 0.490879),
        3: ([0.1605, 0.60858, 0.62571, 0.5917, 0.43156, 0.35562], 0.490179),
        4: ([0.3144, 0.49729, 0.5153, 0.63393, 0.53431, 0.4197], 0.495017),
    }

    def test_the_nets_say_what_they_say_in_their_own_runtime(self):
        for factor, (values, mean) in self.KNOWN.items():
            model = esrgan.LayersModel(esrgan.PACKAGE / f"models/x{factor}")
            grown = model(torch.from_numpy(pattern(8)).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
            self.assertEqual(grown.shape, (8 * factor, 8 * factor, 3))
            flat = grown.ravel()
            np.testing.assert_allclose([flat[i * (len(flat) - 1) // 5] for i in range(6)], values, atol=2e-5)
            self.assertAlmostEqual(float(flat.mean()), mean, places=5)

    def test_a_picture_comes_back_in_its_place_its_colours_and_its_size(self):
        noise = np.random.default_rng(0)
        smooth = cv2.resize(noise.integers(40, 216, (5, 5, 3), np.uint8), (100, 100), interpolation=cv2.INTER_CUBIC)
        apart = lambda a, b: np.abs(a[10:-10, 10:-10].astype(int) - b[10:-10, 10:-10]).mean()
        for name in esrgan.FACTORS:
            grown = esrgan.load(name)(smooth)
            self.assertEqual((grown.shape, grown.dtype), (smooth.shape, np.uint8))
            at = apart(grown, smooth)
            self.assertLess(at, 6)
            self.assertFalse(np.array_equal(grown, smooth))
            for shift in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                self.assertGreater(apart(np.roll(grown, shift, (0, 1)), smooth), at)

    def test_layers_and_weights_of_other_kinds_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            graph = {"layers": [{"class_name": "Softmax", "config": {"name": "s"}, "name": "s", "inbound_nodes": []}], "output_layers": [["s", 0, 0]]}
            document = {"modelTopology": {"model_config": {"config": graph}}, "weightsManifest": [{"paths": ["w.bin"], "weights": [{"name": "a/bias", "shape": [2], "dtype": "float32"}]}]}
            (Path(folder) / "w.bin").write_bytes(bytes(8))
            (Path(folder) / "model.json").write_text(json.dumps(document))
            with self.assertRaisesRegex(ValueError, "Softmax"):
                esrgan.LayersModel(Path(folder))(torch.zeros(1, 3, 4, 4))
            (Path(folder) / "w.bin").write_bytes(bytes(12))
            with self.assertRaisesRegex(ValueError, "8 bytes"):
                esrgan.LayersModel(Path(folder))


if __name__ == "__main__":
    unittest.main()
