"""The measuring of forensic signals on made-up rows."""

import json
import os
import tempfile
import unittest

import numpy as np

from forensics import gain, measure


def rows(fakes: int = 60, shift: float = 1.0, sources: tuple[str, ...] = ("a", "b"), seed: int = 0) -> measure.Rows:
    rng = np.random.default_rng(seed)
    count = 2 * fakes * len(sources)
    fake = np.tile(np.repeat([False, True], fakes), len(sources))
    features = rng.normal(size=(count, 3))
    features[:, 0] += shift * fake
    return measure.Rows(
        source=np.repeat(list(sources), 2 * fakes),
        forgery=np.where(fake, "swap", ""),
        fake=fake,
        group=np.array([f"g{i // 2}" for i in range(count)]),
        train=np.arange(count) % 4 != 0,
        applies=np.ones(count, bool),
        raw=features[:, 0].copy(),
        milliseconds=np.ones(count),
        path=np.array([f"{i}.jpg" for i in range(count)]),
        features=[list(f) for f in features],
    )


class MeasureTest(unittest.TestCase):
    def test_authentic_media_score_half_once_in_twenty(self):
        given = rows(fakes=2000)
        points = measure.curve(given)
        scores = np.interp(given.raw[~given.fake], [p["raw"] for p in points], [p["score"] for p in points])
        self.assertAlmostEqual((scores >= 0.5).mean(), 0.05, delta=0.005)
        self.assertAlmostEqual((scores > 0).mean(), 0.5, delta=0.01)

    def test_a_curve_rises_whatever_the_values(self):
        given = rows()
        given.raw[:] = 0
        raws = [p["raw"] for p in measure.curve(given)]
        self.assertTrue(all(a < b for a, b in zip(raws, raws[1:])))
        given.applies[:] = False
        self.assertIsNone(measure.curve(given))

    def test_chance_is_within_the_interval_and_a_difference_is_not(self):
        for shift, low, high in ((0.0, 0.35, 0.65), (3.0, 0.95, 1.0)):
            given = rows(shift=shift)
            each, mean = measure.separate(given, measure.cells(given), rounds=100)
            self.assertEqual(len(each), 2)
            self.assertTrue(low < mean[0] <= high and mean[1] <= mean[0] <= mean[2])

    def test_a_fit_is_not_measured_on_what_it_was_fitted_on(self):
        noise = rows(fakes=40, shift=0.0)
        wide = np.random.default_rng(1).normal(size=(len(noise.fake), 60))
        noise.features = [list(f) for f in wide]
        _, measured, left_out, holds = measure.fit_signal(noise)
        self.assertFalse(holds)
        self.assertTrue(0.3 < measure.auc(measured.fake, measured.raw) < 0.65)
        self.assertEqual(set(left_out), {"a", "b"})

    def test_a_group_lies_in_one_fold(self):
        groups = np.array(["a", "b", "a", "c", "b"])
        fold = measure.folds(groups, 3)
        self.assertEqual(fold[0], fold[2])
        self.assertEqual(fold[1], fold[4])

    def test_the_statistical_face_measures_deviations(self):
        given = rows(fakes=500)
        parameters, measured = measure.fit_face(given)
        self.assertEqual(len(parameters["precision"]), 9)
        self.assertAlmostEqual(np.median(measured.raw[~measured.fake] ** 2), 2.37, delta=0.4)  # median of chi-squared with three degrees

    def test_the_command_writes_what_the_service_reads(self):
        with tempfile.TemporaryDirectory() as folder:
            manifest, table, out, card = (os.path.join(folder, name) for name in ("manifest.csv", "rows.jsonl", "forensics.json", "card.md"))
            given = rows()
            with open(manifest, "w") as file:
                file.write("path,label,source,forgery,group,split\n")
                for i in range(len(given.fake)):
                    file.write(f"set/{i}.jpg,{'fake' if given.fake[i] else 'real'},{given.source[i]},{given.forgery[i]},{given.group[i]},{'train' if given.train[i] else 'val'}\n")
            with open(table, "w") as file:
                for i in range(len(given.fake)):
                    for signal in ("noise_residual", "block_dct", "metadata"):
                        row = {"path": f"/data/set/{i}.jpg", "signal": signal, "applicable": signal != "block_dct", "raw": float(given.raw[i]), "milliseconds": 1.0, "features": given.features[i]}
                        file.write(json.dumps(row) + "\n")
            with open(card, "w") as file:
                file.write("before\n<!-- measured -->\nold\n<!-- /measured -->\nafter\n")
            measure.main(["--rows", table, "--manifest", manifest, "--version", "t", "--out", out, "--card", card])
            with open(out) as file:
                document = json.load(file)
            self.assertEqual(document["version"], "t")
            self.assertNotIn("curve", document["signals"]["metadata"])
            self.assertEqual(len(document["signals"]["block_dct"]["parameters"]["weights"]), 4)
            self.assertGreater(document["signals"]["noise_residual"]["auc"]["value"], 0.6)
            with open(card) as file:
                page = file.read()
            self.assertNotIn("old", page)
            self.assertIn("`noise_residual`", page)


class GainTest(unittest.TestCase):
    def test_a_signal_that_knows_more_gains_and_one_of_noise_does_not(self):
        rng = np.random.default_rng(0)
        media = rows(fakes=150, shift=0.0)
        logits = rng.normal(media.fake * 1.0, 1)[:, None]
        groups = {"noise": [rng.normal(media.fake * 1.5, 1)], "frequency": [rng.normal(size=len(media.fake))], "metadata": [np.full(len(media.fake), np.nan)]}
        lines, gains = gain.compare(media, groups, logits, rounds=60)
        self.assertGreater(gains["noise"]["low"], 0.02)
        self.assertLess(gains["frequency"]["low"], 0.0)
        self.assertNotIn("metadata", gains)
        self.assertIn("tells anything", "".join(lines))

    def test_missing_measures_are_flagged(self):
        features = gain.design([np.array([1.0, np.nan, 3.0]), np.array([1.0, 1.0, 1.0]), np.array([0.0, 1.0, 2.0])])
        self.assertEqual(features.shape, (3, 3))
        self.assertEqual(list(features[:, 1]), [0, 1, 0])

    def test_a_written_document_is_the_document(self):
        document = {"a": {"value": 0.5, "low": -1e-05}, "b": [1.5, -2], "c": {"d": {"e": [0.25]}, "f": []}, "g": [{"raw": 1, "score": 0.5}]}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.json")
            measure.write(document, path)
            with open(path) as file:
                self.assertEqual(json.load(file), document)


if __name__ == "__main__":
    unittest.main()
