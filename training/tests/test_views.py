import dataclasses
import json
import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import torch

from detector import config as configuration
from detector import export, pretrained, runtime
from detector.config import read_config
from detector.data import CropRow, CropSet, Medium, PairSampler
from detector.train import Batches, batch_at, train
from detector.views import ClipViews, spread, views_of

from . import test_architectures
from .test_slices import CONFIG, LANDMARKS

LENGTH = 4


def clips(frames=(6, 3, 1), side=256):
    """Clips of a moving face, with as many crops each, and a held-out one of every class; odd rows come before even ones."""
    rows, pixels = [], []
    for kind in ("real", "fake"):
        for n, count in enumerate((2, *frames)):
            medium = Medium(f"{kind}/{n}.mp4", kind, "openforensics", "swap" if kind == "fake" else "", f"{kind}{n}", "train" if n else "val")
            coarse = np.random.default_rng((n, kind == "fake")).integers(0, 256, (16, 16, 3), np.uint8)
            face = cv2.resize(coarse, (side + 40, side + 40), interpolation=cv2.INTER_CUBIC)
            for k in sorted(range(count), key=lambda k: -(k % 2)):
                rows.append(CropRow(medium, "p", 0, 1, float(k), 90.0 + 10 * n, 50.0, 120.0, 0.0, LANDMARKS))
                pixels.append(face[5 * k : 5 * k + side, 3 * k : 3 * k + side])
    return CropSet(rows, pixels)


class ClipTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.object(configuration, "TRAINING", self.folder))
        self.crops = clips()
        self.config = self.read(CONFIG.replace('"compact_cnn"', '"mobilenet_bilstm"'))
        self.views = ClipViews(self.crops, self.config)

    def read(self, text):
        path = self.folder / "tiny.toml"
        path.write_text(f"length = {LENGTH}\n{text}")
        return read_config(path)

    def row(self, path):
        return next(i for i, row in enumerate(self.crops.rows) if row.medium.path == path)

    def distinct(self, clip):
        return len({frame.tobytes() for frame in clip})

    def test_crops_are_spread_as_the_service_spreads_them(self):
        for count, length, places in ((1, 4, [0, 0, 0, 0]), (2, 4, [0, 0, 1, 1]), (4, 4, [0, 1, 2, 3]), (10, 4, [0, 3, 6, 9]), (3, 5, [0, 1, 1, 2, 2])):
            self.assertEqual(spread(count, length), places)

    def test_a_clean_clip_is_its_track_in_time(self):
        clip = self.views.clean(self.row("real/1.mp4"))
        of_second = {self.crops.rows[i].seconds: i for i in self.crops.where(fake=False) if self.crops.rows[i].medium.path == "real/1.mp4"}
        plain = views_of(self.crops, dataclasses.replace(self.config, length=0))
        np.testing.assert_array_equal(clip, np.stack([plain.clean(of_second[s]) for s in (0, 2, 3, 5)]))

    def test_both_clips_of_a_pair_have_the_same_number_of_different_frames(self):
        rng = np.random.default_rng(0)
        for path, count in (("1", 4), ("2", 3), ("3", 1)):
            row, other = self.row(f"real/{path}.mp4"), self.row("real/1.mp4")
            for pair in (self.views.blended(row, None, rng), self.views.blended(row, other, rng), self.views.look_alike(row, rng)):
                self.assertEqual([clip.shape for clip in pair], [(LENGTH, 64, 64, 3)] * 2)
                self.assertEqual([self.distinct(clip) for clip in pair], [count] * 2)
        for real, fake, count in (("1", "1", 4), ("1", "2", 3), ("3", "1", 1)):
            pair = self.views.labelled(self.row(f"real/{real}.mp4"), self.row(f"fake/{fake}.mp4"), rng)
            self.assertEqual([self.distinct(clip) for clip in pair], [count] * 2)

    def test_a_blend_stays_where_it_is_from_frame_to_frame(self):
        still = CropSet([dataclasses.replace(self.crops.rows[0], seconds=float(k)) for k in range(LENGTH)], [self.crops.pixels(0)] * LENGTH)
        views = ClipViews(still, self.config)
        with mock.patch("detector.views.TREMBLE", 0.0), mock.patch("detector.degrade.light", lambda image, how: image):
            for seed in range(8):
                for clip in views.blended(0, None, np.random.default_rng(seed)):
                    self.assertEqual(self.distinct(clip), 1)
        with mock.patch("detector.degrade.light", lambda image, how: image):
            fakes = [views.blended(0, None, np.random.default_rng(seed))[1].astype(float) for seed in range(8)]
        self.assertTrue(any(self.distinct(fake) > 1 for fake in fakes))
        moves = [np.abs(np.diff(fake, axis=0)).mean() for fake in fakes]
        others = [np.abs(a[0] - b[0]).mean() for a, b in zip(fakes, fakes[1:])]
        self.assertLess(np.mean(moves), 0.1 * np.mean(others))

    def test_a_batch_depends_on_seed_and_step_alone(self):
        config = dataclasses.replace(self.config, train=dataclasses.replace(self.config.train, look_alike_pairs=1))
        sampler = PairSampler(self.crops, config.data.blend_sources, config.data.pair_sources)
        first = [batch_at(self.views, sampler, config, step) for step in range(3)]
        batches = Batches(ClipViews(self.crops, config), sampler, config, 2)
        again = list(batches.of(range(3)))
        batches.close()
        for (images, labels), (others, _) in zip(first, again):
            self.assertEqual((images.shape, labels.tolist()), ((6, LENGTH, 64, 64, 3), [0, 1] * 3))
            np.testing.assert_array_equal(images, others)
        self.assertFalse(np.array_equal(first[0][0], first[1][0]))

    def test_a_net_is_trained_on_what_it_takes_only(self):
        with self.assertRaisesRegex(ValueError, "takes no length"):
            train(self.read(CONFIG), self.crops, resume=False)
        with self.assertRaisesRegex(ValueError, "needs a length"):
            train(dataclasses.replace(self.config, length=0), self.crops, resume=False)

    @unittest.skipUnless(runtime.LIBRARY.exists() and pretrained.PACKAGE.exists(), "the build or the npm assets are missing")
    def test_a_net_over_tracks_learns_and_is_exported_as_the_service_takes_it(self):
        text = CONFIG.replace('"compact_cnn"', '"mobilenet_bilstm"\noptions = { start = "nsfwjs" }').replace("\nepochs = 3", '\nepochs = 2\nprecision = "bfloat16"')
        config = self.read(text)
        checkpoint = train(config, self.crops, resume=False)
        self.assertEqual(torch.load(checkpoint)["epoch"], 2)
        self.assertIn("openforensics_auc,self_blend_auc", checkpoint.with_name("log.csv").read_text())
        net = export.load_average(config)
        folder = self.folder / "models" / "tiny"
        folder.mkdir(parents=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            export.write_onnx(net, config.size, folder / "model.onnx", config.length)
        self.assertLess(export.parity(net, folder / "model.onnx", config.size, config.length), 1e-4)
        model = export.manifest(config, net, folder / "model.onnx", "1.0.0", 2)
        self.assertEqual((model["kind"], model["input"]["sequence_length"]), ("sequence", LENGTH))
        (folder / "model.json").write_text(json.dumps(model))
        test_architectures.loads(self, folder.parent, "tiny")


if __name__ == "__main__":
    unittest.main()
