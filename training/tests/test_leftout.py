import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np

from detector.config import TRAINING, read_config
from detector.data import CropRow, CropSet, Medium
from detector.evaluate import ScoredMedium, upper_mean
from detector.leftout import drawn_sources, left_out, some_media, table, thirds, together

NAMES = {"lfw": "r", "openforensics": "rf", "ffpp_c23": "rf", "ffpp_crops": "rf", "stylegan": "rf", "portraits_gan": "f"}


def crops(per_class=5):
    rows = []
    for source, classes in NAMES.items():
        for kind in classes:
            for n in range(per_class):
                medium = Medium(f"{source}/{kind}{n}", "fake" if kind == "f" else "real", source, "swap" if kind == "f" else "", f"{source}{kind}{n}", "train" if n % 2 else "val")
                rows += [CropRow(medium, "p", 0, 1, float(k), 100.0, 50.0, 120.0, 0.0, (0.0,) * 12) for k in range(3)]
    return CropSet(rows, [np.zeros((2, 2, 3), np.uint8)] * len(rows))


def scored(number, fake, logit, sharpness=50.0, forgery="swap"):
    return ScoredMedium(str(number), "x", forgery if fake else "", f"g{number}", fake, "clean", 1, logit, (-sharpness, 100.0, 120.0))


class LeftOutTest(unittest.TestCase):
    def test_what_a_run_continues_has_been_seen_too(self):
        for path in sorted((TRAINING / "configs").glob("*.toml")):
            config = read_config(path)
            if config.train.continues:
                before = read_config(path.with_name(f"{config.train.continues}.toml"))
                self.assertLessEqual(set(before.data.pair_sources), drawn_sources(config), path.name)

    def test_a_source_that_shares_people_with_a_drawn_one_is_not_left_out(self):
        config = read_config(TRAINING / "configs/without-ffpp.toml")
        apart = crops()
        shared = CropSet([replace(row, medium=replace(row.medium, group="openforensicsr1")) if row.medium.path == "ffpp_crops/r0" else row for row in apart.rows], [np.zeros((2, 2, 3), np.uint8)] * len(apart.rows))
        self.assertEqual(left_out(config, apart), ["ffpp_c23", "ffpp_crops"])
        self.assertEqual(left_out(config, shared), ["ffpp_c23"])

    def test_media_are_pooled_as_the_service_does(self):
        # The upper half of the weight, the middle one of an odd number by half; TrackPoolingTests hold the same numbers.
        self.assertEqual([upper_mean(np.array(x, float)) for x in ([2], [0, 1, 4], [1, 2, 3, 4], [4, 3, 2, 1])], [2, 3, 3.5, 3.5])

    def test_each_run_that_is_named_for_leaving_a_source_out_does(self):
        left = {path.stem: left_out(read_config(path), crops()) for path in (TRAINING / "configs").glob("*without*.toml")}
        self.assertIn("openforensics", left["without-openforensics"])
        for name, sources in left.items():
            self.assertTrue(sources, name)
            if "openforensics" in name:
                self.assertIn("openforensics", sources, name)

    def test_media_are_drawn_of_both_splits_and_alike_each_time(self):
        made = crops(9)
        rows = some_media(made, "openforensics", 4)
        self.assertEqual(rows, some_media(made, "openforensics", 4))
        media = {made.rows[i].medium for i in rows}
        self.assertEqual((len(media), sum(m.fake for m in media)), (8, 4))
        self.assertEqual({m.split for m in {made.rows[i].medium for i in some_media(made, "openforensics", 9)}}, {"train", "val"})

    def test_runs_weigh_alike_whatever_the_size_of_their_logits(self):
        first = [scored(n, n % 2 == 1, float(n)) for n in range(6)]
        second = [scored(n, n % 2 == 1, 1000.0 * (6 - n)) for n in range(6)]
        np.testing.assert_allclose(np.ptp([m.logit for m in together([first, second])]), 0, atol=1e-9)

    def test_a_short_cut_shows_as_chance_inside_thirds(self):
        rng = np.random.default_rng(1)
        media = []
        for n in range(900):
            sharpness = float(rng.uniform(1, 100))
            media.append(scored(n, bool(rng.random() < sharpness / 100), sharpness + float(rng.normal(0, 1e-3)), sharpness))
        self.assertLess(max(thirds(media, 0)), 0.72)
        self.assertGreater(float(table({("x", "run"): media}, 50).splitlines()[2].split("|")[4].split()[0]), 0.8)

    def test_each_forgery_has_a_row_of_its_own(self):
        media = [scored(n, n % 3 > 0, float(n % 3), forgery=f"kind{n % 3}") for n in range(30)]
        self.assertEqual(len(table({("x", "run"): media}, 20).splitlines()), 2 + 3)


if __name__ == "__main__":
    unittest.main()
