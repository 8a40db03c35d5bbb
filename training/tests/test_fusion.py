import csv
import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

from detector import fusion, metrics
from detector.config import TRAINING
from detector.fusion import FusionConfig, Scored, cross_fitted, fit, read, row_weights, table, thresholds

CONFIG = FusionConfig({"swap": ["a", "b"], "texture": ["c"]}, {"people": 1.0}, {"swapped": 1.0, "painted": 1.0})


def media(count=2000, seed=0, strength=3.0):
    """Two kinds of fakes; the first family sees the one, the second the other, and `b` nothing at all."""
    rng = np.random.default_rng(seed)
    fake = rng.random(count) < 0.5
    kind = np.where(fake, np.where(rng.random(count) < 0.5, "swapped", "painted"), "people")
    logits = rng.normal(-2, 1.5, (count, 3))
    logits[:, 0] += np.where(kind == "swapped", strength, 0)
    logits[:, 2] += np.where(kind == "painted", strength, 0)
    return Scored(logits, fake, kind, np.array([f"p{i}" for i in range(count)]))


class FusionTest(unittest.TestCase):
    def test_what_one_family_sees_is_not_drowned_by_another_that_sees_nothing(self):
        made = media(strength=5.0)
        fused, _ = cross_fitted(made, CONFIG)
        for kind, member in (("swapped", 0), ("painted", 2)):
            rows = ~made.fake | (made.kind == kind)
            alone = metrics.auc(made.fake[rows], made.logits[rows, member])
            self.assertGreater(metrics.auc(made.fake[rows], fused[rows]), alone - 0.03)
        summed = fit(Scored(made.logits[:, [0, 1, 2]], made.fake, made.kind, made.people), FusionConfig({"one": ["a", "b", "c"]}, CONFIG.real, CONFIG.fake))
        self.assertGreater(metrics.auc(made.fake, fused), metrics.auc(made.fake, summed.logits(made.logits)))

    def test_a_member_that_says_nothing_gets_next_to_no_weight(self):
        weights = fit(media(), CONFIG).weights
        self.assertLess(weights[1], 0.1 * weights[0])
        self.assertTrue((weights >= 0).all())

    def test_the_fit_is_calibrated_and_joins_as_the_service_does(self):
        made = media(6000)
        fitted = fit(made, CONFIG)
        self.assertLess(metrics.ece(made.fake, metrics.sigmoid(fitted.logits(made.logits))), 0.05)
        z = fitted.intercepts + np.array([made.logits[0, :2] @ fitted.weights[:2], made.logits[0, 2] * fitted.weights[2]])
        self.assertAlmostEqual(fitted.logits(made.logits[:1])[0], np.log(np.exp(fitted.sharpness * z).sum()) / fitted.sharpness)

    def test_a_kind_that_the_fit_was_not_shown_costs_more_than_one_that_it_was(self):
        made = media(800, strength=3.0)
        area, loss = fusion.kinds_left_out(made, CONFIG)
        fused, _ = cross_fitted(made, CONFIG)
        shown = np.mean([metrics.auc(made.fake[rows], fused[rows]) for rows in (~made.fake | (made.kind == kind) for kind in ("swapped", "painted"))])
        self.assertLess(area, shown)
        self.assertGreater(area, 0.5)
        self.assertGreater(loss, 0)

    def test_verdicts_are_told_by_group_of_people_where_names_say_it(self):
        z = np.array([-3.0, 0.0, 5.0, -3.0, 5.0, 0.0])
        given = Scored(np.zeros((6, 3)), np.array([False] * 5 + [True]), np.array(["x"] * 6), np.array(["a_1f", "a_2f", "a_3f", "a_4m", "other", "a_5f"]))
        told = fusion.groups(given, z, (0.1, 0.6, 0.9), r"^a_\d([fm])")
        self.assertEqual(told.splitlines()[2:], ["| f | 3 | 50 | 33 % | 33.3 % |", "| m | 1 | 5 | 100 % | 0.0 % |"])

    def test_kinds_count_by_their_weights_and_not_by_their_numbers(self):
        made = media()
        config = FusionConfig(CONFIG.families, CONFIG.real, {"swapped": 3.0, "painted": 1.0})
        weights = row_weights(made, config)
        self.assertAlmostEqual(weights[made.kind == "swapped"].sum(), 0.75)
        self.assertAlmostEqual(weights[~made.fake].sum(), 1)
        self.assertEqual(row_weights(made, FusionConfig(CONFIG.families, CONFIG.real, {"swapped": 1.0}))[made.kind == "painted"].sum(), 0)

    def test_thresholds_leave_the_asked_share_of_every_kind_above(self):
        rng = np.random.default_rng(1)
        z = np.concatenate([rng.normal(-3, 1, 3000), rng.normal(-1, 1, 1000)])
        kind = np.array(["easy"] * 3000 + ["hard"] * 1000)
        low, high = thresholds(z, kind, 0.05, 0.01)
        self.assertAlmostEqual((metrics.sigmoid(z[kind == "hard"]) >= high).mean(), 0.01, delta=0.002)
        self.assertLess(low, high)
        # Of eighty media the largest says little about one in a hundred.
        few = [thresholds(rng.logistic(-3, 1, 80), np.array(["few"] * 80), 0.05, 0.01)[1] for _ in range(40)]
        self.assertLess(np.mean([(metrics.sigmoid(rng.logistic(-3, 1, 4000)) >= limit).mean() for limit in few]), 0.012)

    def test_a_tenth_of_the_fakes_lies_below_authentic_each_kind_by_its_weight(self):
        z = np.concatenate([np.linspace(-4, -3, 100), np.linspace(1, 2, 1000)])
        weights = np.concatenate([np.full(100, 0.5 / 100), np.full(1000, 0.5 / 1000)])
        self.assertAlmostEqual(fusion.authentic_below(z, weights), float(metrics.sigmoid(np.array(-3.8))), delta=0.001)

    def test_another_fit_is_compared_by_its_own_arithmetic(self):
        made = media(300)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "fusion.json")
            summed = {"version": "3", "intercept": -1.0, "models": {"a": 2.0, "c": 0.5}, "floors": {"c": 0.5}, "thresholds": {"suspicious": 0.7, "manipulated": 0.9}}
            path.write_text(json.dumps(summed))
            z, limit = fusion.former(path, made.logits, CONFIG)
            np.testing.assert_allclose(z, -1 + 2 * made.logits[:, 0] + 0.5 * np.maximum(made.logits[:, 2] - 0.5, 0))
            self.assertEqual(limit, 0.7)
            joined = {"version": "4", "models": {"a": 2.0, "c": 0.5}, "families": {"t": {"intercept": -3.0, "models": ["c"]}}, "thresholds": {"authentic": 0.2, "suspicious": 0.7}}
            path.write_text(json.dumps(joined))
            z, limit = fusion.former(path, made.logits, CONFIG)
            np.testing.assert_allclose(z, np.logaddexp(2 * made.logits[:, 0], -3 + 0.5 * made.logits[:, 2]))
            self.assertEqual(limit, 0.2)
            self.assertEqual([line.split("|")[1].strip() for line in fusion.against(made, CONFIG, z, 0.2, path).splitlines()[2:]], ["painted", "swapped"])

    def test_the_table_has_a_row_a_kind(self):
        made = media(400)
        fused, families = cross_fitted(made, CONFIG)
        lines = table(made, CONFIG, fused, families, (0.2, 0.5, 0.9), 20).splitlines()
        self.assertEqual([line.split("|")[1].strip() for line in lines[2:]], ["painted", "swapped", "people, real"])

    def test_a_stand_in_speaks_where_a_member_was_trained(self):
        config = FusionConfig({"swap": ["a"]}, {}, {}, {"a": {"model": "other", "kinds": ["seen"]}})
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "evaluation.csv")
            with path.open("w", newline="") as stream:
                rows = csv.writer(stream)
                rows.writerows([["path", "label", "a", "other"], ["real/seen/p@1.jpg", "real", 0.9, 0.5], ["fake/new/q@1.jpg", "fake", 0.9, 0.5], ["fake/new/q@2.jpg", "fake", "", 0.5]])
            scored, missed = read([path], config)
        np.testing.assert_allclose(scored.logits[:, 0], [0, np.log(9)])
        self.assertEqual((scored.kind.tolist(), scored.people.tolist(), missed), (["seen", "new"], ["p", "q"], 1))

    def test_the_shipped_file_reads_and_a_member_has_one_family(self):
        self.assertTrue(FusionConfig.read(TRAINING / "fusion.toml").members)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "fusion.toml")
            path.write_text('[families]\nx = ["a"]\ny = ["a"]\n[real]\n[fake]\n')
            with self.assertRaisesRegex(ValueError, "two families"):
                FusionConfig.read(path)

    def test_what_is_written_is_what_was_fitted(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "fusion.json").write_text(json.dumps({"signals": {"x": 1}, "pooling": {"method": "mean"}, "quality_gates": {}, "disagreement": None}))
            config, evaluation = Path(folder, "fusion.toml"), Path(folder, "evaluation.csv")
            config.write_text('[families]\nswap = ["a", "b"]\ntexture = ["c"]\n[real]\npeople = 1\n[fake]\nswapped = 1\npainted = 1\n')
            made = media(300)
            with evaluation.open("w", newline="") as stream:
                rows = csv.writer(stream)
                rows.writerow(["path", "label", "a", "b", "c"])
                for z, fake, kind, people in zip(made.logits, made.fake, made.kind, made.people):
                    rows.writerow([f"{'fake' if fake else 'real'}/{kind}/{people}@x.jpg", "", *metrics.sigmoid(z)])
            with mock.patch("sys.argv", ["fusion", str(config), "--evaluation", str(evaluation), "--version", "9", "--write"]), mock.patch("builtins.print"), mock.patch.object(fusion, "MODELS", Path(folder)):
                fusion.main()
            written = json.loads((Path(folder) / "fusion.json").read_text())
        self.assertEqual((written["version"], set(written["models"]), written["families"]["swap"]["models"], written["signals"]), ("9", {"a", "b", "c"}, ["a", "b"], {"x": 1}))
        real, fake = (written["quantiles"][name] for name in ("real", "fake"))
        self.assertEqual((len(real), real, fake), (101, sorted(real), sorted(fake)))
        self.assertLess(real[50], fake[50])
        self.assertTrue(0 < written["thresholds"]["suspicious"] <= written["thresholds"]["manipulated"] < 1)
        # Two families, of two members and of one: six sets lack a member.
        self.assertEqual([sorted(one["models"]) for one in written["reduced"]], [["a", "b"], ["a", "c"], ["b", "c"], ["a"], ["b"], ["c"]])
        self.assertEqual([sorted(one["families"]) for one in written["reduced"]], [["swap"], ["swap", "texture"], ["swap", "texture"], ["swap"], ["swap"], ["texture"]])
        # A member that sees nothing says nothing clear by itself.
        alone = {tuple(one["models"]): one["thresholds"] for one in written["reduced"]}
        self.assertTrue(all({"authentic", "suspicious", "manipulated"} == set(one) for one in alone.values()))
        self.assertLess(written["reduced"][4]["models"]["b"], 0.2)


if __name__ == "__main__":
    unittest.main()
