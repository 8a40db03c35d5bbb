import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import torch

from detector import config as configuration
from detector.config import TRAINING, read_config
from detector.data import CropRow, CropSet, Medium
from detector.export import load_average
from detector.parcels import pack, unpack
from detector.train import Machine, train

CONFIG = """
name = "tiny"
architecture = "compact_cnn"
size = 64
margin = 1.3
[data]
blend_sources = { openforensics = 1.0 }
pair_sources = { openforensics = 1.0 }
[train]
seed = 1
epochs = 3
horizon_epochs = 3
cooldown_steps = 0
steps_per_epoch = 2
blend_pairs = 1
pairs = 1
learning_rate = 1e-3
weight_decay = 0.01
warmup_steps = 1
ema_decay = 0.9
label_smoothing = 0.0
foreign_share = 0.5
equally_sharp_share = 0.5
plain_share = 0.5
"""

LANDMARKS = (95.0, 100.0, 161.0, 100.0, 128.0, 135.0, 128.0, 168.0, 62.0, 112.0, 194.0, 112.0)


def crops(media=6, per_medium=2):
    rows, pixels = [], []
    for kind in ("real", "fake"):
        for n in range(media):
            medium = Medium(f"{kind}/{n}.jpg", kind, "openforensics", "swap" if kind == "fake" else "", f"{kind}{n}", "val" if n == 0 else "train")
            for k in range(per_medium):
                coarse = np.random.default_rng((n, k, kind == "fake")).integers(0, 256, (16, 16, 3), np.uint8)
                rows.append(CropRow(medium, "p", 0, 1, float(k), 100.0 + n, 50.0, 120.0, 0.0, LANDMARKS))
                pixels.append(cv2.resize(coarse, (256, 256), interpolation=cv2.INTER_CUBIC))
    return CropSet(rows, pixels)


class ParcelTest(unittest.TestCase):
    def test_what_is_packed_comes_out_nearly_as_it_was_with_its_people_and_measures(self):
        made = crops()
        with tempfile.TemporaryDirectory() as folder:
            parcels = pack(made, Path(folder) / "parcels", 4)
            self.assertEqual(unpack(parcels, Path(folder) / "opened"), 2 + 2 * 5 * 2)
            opened = CropSet.open(Path(folder) / "opened", Path(folder) / "opened/manifest.csv")
            before = {(r.medium, r.seconds): i for i, r in enumerate(made.rows)}
            for i, row in enumerate(opened.rows):
                at = before[row.medium, row.seconds]
                self.assertEqual((row.size, row.landmarks), (made.rows[at].size, made.rows[at].landmarks))
                self.assertLess(np.abs(opened.pixels(i).astype(int) - made.pixels(at)).mean(), 2.0)

    def test_no_parcel_is_larger_than_it_may_be_and_none_repeats_another(self):
        made = crops(30, 1)
        with tempfile.TemporaryDirectory() as folder:
            limit = 900_000
            parcels = pack(made, Path(folder) / "parcels", 50, limit=limit)
            self.assertGreater(len(parcels), 1)
            for path in parcels:
                self.assertLessEqual(path.stat().st_size, limit)
            self.assertEqual(unpack(parcels, Path(folder) / "opened"), 60)

    def test_the_first_parcel_alone_holds_both_classes_and_the_held_out_people(self):
        with tempfile.TemporaryDirectory() as folder:
            parcels = pack(crops(30, 1), Path(folder) / "parcels", 1, limit=900_000)
            unpack(parcels, Path(folder) / "opened")
            opened = CropSet.open(Path(folder) / "opened", Path(folder) / "opened/manifest.csv")
            for fake in (False, True):
                self.assertTrue(opened.where("train", fake))
                self.assertTrue(opened.where("val", fake))


class SliceTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        (self.root / "tiny.toml").write_text(CONFIG)
        self.config = read_config(self.root / "tiny.toml")

    def tearDown(self):
        self.folder.cleanup()

    def trained(self, name, *slices, machine=Machine()):
        with mock.patch.object(configuration, "TRAINING", self.root / name):
            for seconds in slices:
                checkpoint = train(self.config, crops(), True, machine, seconds)
            state = torch.load(checkpoint, map_location="cpu")
            return state["epoch"], state["ema"], len((checkpoint.parent / "log.csv").read_text().splitlines())

    def test_slices_end_where_one_long_run_does(self):
        whole, sliced = self.trained("whole", 1e9), self.trained("sliced", 0.0, 0.0, 0.0)
        self.assertEqual((whole[0], sliced[0], whole[2], sliced[2]), (3, 3, 4, 4))
        for name, value in whole[1].items():
            torch.testing.assert_close(sliced[1][name], value, rtol=1e-5, atol=1e-6, msg=name)

    def test_half_of_the_start_lies_between_both_runs(self):
        with mock.patch.object(configuration, "TRAINING", self.root / "two"):
            train(self.config, crops(), False, seconds=0.0)
            (self.root / "next.toml").write_text(CONFIG.replace('"tiny"', '"next"') + 'continues = "tiny"\nhalf_of_start = true\n')
            following = read_config(self.root / "next.toml")
            train(following, crops(), False, seconds=0.0)
            start, end = load_average(self.config), load_average(dataclasses.replace(following, train=dataclasses.replace(following.train, half_of_start=False)))
            for half, a, b in zip(load_average(following).parameters(), start.parameters(), end.parameters()):
                torch.testing.assert_close(half, (a + b) / 2)
                self.assertTrue((a != b).any())

    def test_a_slice_ends_before_its_time_is_over(self):
        self.assertEqual(self.trained("short", 0.0)[0], 1)

    def test_batches_made_by_other_processes_are_the_same(self):
        alone, helped = self.trained("alone", 0.0), self.trained("helped", 0.0, machine=Machine("cpu", 2))
        for name, value in alone[1].items():
            torch.testing.assert_close(helped[1][name], value, rtol=1e-5, atol=1e-6, msg=name)

    def test_the_script_trains_two_slices_on_what_has_arrived(self):
        script = self.root / "training"
        script.mkdir()
        shutil.copytree(TRAINING / "detector", script / "detector", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(TRAINING / "gpu-slices.sh", script)
        pack(crops(30, 1), script / "cache/parcels", 2, limit=900_000)
        second = script / "cache/parcels/parcel-01"
        second.rename(script / "later")
        epochs = []
        for _ in range(2):
            environment = os.environ | {"OUT": str(script / "out"), "PYTHON": sys.executable, "WORKERS": "0"}
            command = ["bash", "gpu-slices.sh", "slice", "../tiny.toml", "0"]
            done = subprocess.run(command, cwd=script, capture_output=True, text=True, env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)
            epochs.append((script / "out/tiny/log.csv").read_text().count("\n") - 1)
            if not second.exists():
                (script / "later").rename(second)
        self.assertEqual(epochs, [1, 2])
        self.assertIn("parcel-01", (script / "cache/opened/parcels.txt").read_text())


if __name__ == "__main__":
    unittest.main()
