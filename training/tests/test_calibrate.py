import unittest

import numpy as np

from detector import metrics
from detector.calibrate import Fit, Medium, calibrated, cross_fitted, fuse, replace_section, thresholds
from detector.compare import differences


def media(count, seed=0, strength=2.0, models=1):
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        fake = bool(rng.random() < 0.5)
        logits = tuple(float(rng.normal(strength if fake else -strength, 2) * 3) for _ in range(models))
        made.append(Medium(f"{i}.jpg", "openforensics", f"g{i}", "clean", fake, logits, 50.0, 100.0))
    return made


class CalibrateTest(unittest.TestCase):
    def test_overconfident_logits_are_brought_down_to_what_they_are_worth(self):
        # Gaussians at ±2 with deviation 2 have true log-odds x; the logits are three times that.
        fit = Fit.to(media(4000), (None,))
        self.assertAlmostEqual(fit.calibrations[0][0], 1 / 3, delta=0.03)
        self.assertAlmostEqual(fit.calibrations[0][1], 0, delta=0.1)
        self.assertEqual((fit.intercept, fit.weights), (0.0, [1.0]))

    def test_cross_fitted_false_alarms_stay_near_the_rate_that_was_asked_for(self):
        checked = cross_fitted(media(6000), (None,))
        rates = checked["rates_at_thresholds"]["openforensics real"]
        self.assertLess(rates["manipulated_clean"], 0.02)
        self.assertLess(rates["suspicious_or_manipulated_clean"], 0.075)
        self.assertLess(checked["ece_swaps_clean"], 0.03)

    def test_thresholds_leave_the_asked_share_of_authentic_media_above(self):
        real = [Medium(f"{i}.jpg", "lfw", f"g{i}", "clean", False, (0.0,), 50.0, 100.0) for i in range(1000)]
        suspicious, manipulated = thresholds(real, np.linspace(0.001, 0.9, 1000))
        self.assertAlmostEqual(suspicious, 0.9 * 0.95, delta=0.003)
        self.assertAlmostEqual(manipulated, 0.9 * 0.99, delta=0.003)

    def test_a_small_source_has_its_threshold_above_what_it_happened_to_show(self):
        rng = np.random.default_rng(2)
        seen, passed = [], []
        for _ in range(40):
            logits = rng.logistic(-3, 1, 80)
            real = [Medium(f"{i}.jpg", "stylegan", f"g{i}", "clean", False, (0.0,), 50.0, 100.0) for i in range(80)]
            _, manipulated = thresholds(real, 1 / (1 + np.exp(-logits)))
            others = 1 / (1 + np.exp(-rng.logistic(-3, 1, 4000)))
            seen.append((others >= np.quantile(1 / (1 + np.exp(-logits)), 0.99)).mean())
            passed.append((others >= manipulated).mean())
        self.assertLess(np.mean(passed), 0.012)
        self.assertLess(np.mean(passed), np.mean(seen))

    def test_fusion_beats_its_members_when_they_err_differently_and_drops_noise(self):
        made = media(3000, strength=1.0, models=2)
        rng = np.random.default_rng(9)
        made = [Medium(m.path, m.source, m.group, m.condition, m.fake, (*m.logits, float(rng.normal(0, 3))), 50.0, 100.0) for m in made]
        fit = Fit.to(made, (None, None, None))
        self.assertLess(fit.weights[2], 0.5 * min(fit.weights[:2]))
        labels = np.array([m.fake for m in made])
        fused = sum(w * a * np.array([m.logits[i] for m in made]) for i, (w, (a, _)) in enumerate(zip(fit.weights, fit.calibrations)))
        best = max(metrics.auc(labels, np.array([m.logits[i] for m in made])) for i in range(3))
        self.assertGreater(metrics.auc(labels, fused), best + 0.03)

    def test_a_model_that_counts_against_its_own_score_is_left_out(self):
        made = media(1000)
        made = [Medium(m.path, m.source, m.group, m.condition, m.fake, (m.logits[0], (-1.0 if m.fake else 1.0) + 3 * np.sin(i)), 50.0, 100.0) for i, m in enumerate(made)]
        _, weights = fuse(made, [(1 / 3, 0.0), (1.0, 0.0)], (None, None))
        self.assertEqual(weights[1], 0.0)

    def test_a_specialist_raises_what_the_others_miss_and_takes_nothing_from_what_they_find(self):
        rng = np.random.default_rng(4)
        made = []
        for i in range(3000):
            kind = ("real", "openforensics", "stylegan")[i % 3]
            general = rng.normal(2.0 if kind == "openforensics" else -2.0, 2)
            special = rng.normal(2.0 if kind == "stylegan" else -2.0, 2)
            for source in ("openforensics", "stylegan") if kind == "real" else (kind,):
                made.append(Medium(f"{i}.jpg", source, f"g{i}", "clean", kind != "real", (general, special), 50.0, 100.0))
        fitted = {floor: Fit.to(made, (None, floor)) for floor in (None, 0.5)}
        general, special = (calibrated(made, fitted[0.5].calibrations, model) for model in (0, 1))
        np.testing.assert_allclose(fitted[0.5].logits(made), fitted[0.5].intercept + fitted[0.5].weights[0] * general + fitted[0.5].weights[1] * np.maximum(special - 0.5, 0))
        area = lambda source, logits: metrics.auc(*zip(*((m.fake, z) for m, z in zip(made, logits) if m.source == source)))
        self.assertGreater(area("openforensics", fitted[0.5].logits(made)), area("openforensics", fitted[None].logits(made)) + 0.01)
        self.assertGreater(area("openforensics", fitted[0.5].logits(made)), area("openforensics", general) - 0.03)
        self.assertGreater(area("stylegan", fitted[0.5].logits(made)), area("stylegan", general) + 0.2)
        self.assertEqual(fitted[0.5].spread(made).max(), 0)
        self.assertGreater(fitted[None].spread(made).max(), 0.5)

    def test_self_blends_and_not_labelled_fakes_weigh_the_general_models_against_each_other(self):
        rng = np.random.default_rng(6)
        made = []
        for i in range(4000):
            fake, source = bool(i % 2), ("openforensics", "self_blend")[i // 2 % 2]
            # One knows the labelled fakes by heart, both see seams, the second better.
            first = rng.normal((6 if source == "openforensics" else 1) * (1 if fake else -1), 2)
            second = rng.normal(2 if fake else -2, 2)
            made.append(Medium(f"{i}.jpg", source, f"g{i}", "clean" if source == "openforensics" else "drawn", fake, (float(first), float(second)), 50.0, 100.0))
        labelled = Fit.to([m for m in made if m.source == "openforensics"], (None, None))
        fit = Fit.to(made, (None, None))
        share = lambda of: of.weights[1] * of.calibrations[1][0] / (of.weights[0] * of.calibrations[0][0])
        self.assertAlmostEqual(share(fit), 2, delta=0.3)  # log-odds of these Gaussians are x / 2 and x
        self.assertLess(share(labelled), 1)
        blends = [m for m in made if m.source == "self_blend"]
        area = lambda of: metrics.auc(np.array([m.fake for m in blends]), of.logits(blends))
        self.assertGreater(area(fit), area(labelled))

    def test_versions_differ_by_what_their_areas_differ_on_the_same_people(self):
        made = [Medium(m.path, m.source, m.group, m.condition, m.fake, (m.logits[0], m.logits[0] + (4.0 if m.fake else 0.0)), 50.0, 100.0) for m in media(400, strength=0.5)]
        value, low, high = differences(made, 50)["openforensics"]
        labels = np.array([m.fake for m in made])
        area = lambda at: metrics.auc(labels, np.array([m.logits[at] for m in made]))
        self.assertAlmostEqual(value, area(1) - area(0))
        self.assertTrue(0 < low < value < high)

    def test_only_the_marked_section_of_a_card_changes(self):
        card = "before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n"
        self.assertEqual(replace_section(card, "figures", "new\n"), "before\n<!-- figures -->\nnew\n<!-- /figures -->\nafter\n")
        with self.assertRaises(ValueError):
            replace_section("no marks", "figures", "new")


if __name__ == "__main__":
    unittest.main()
