import unittest

import numpy as np

from detector import metrics
from detector.calibrate import balanced_weights, platt, replace_section
from detector.compare import differences
from detector.evaluate import ScoredMedium


def media(count, seed=0, strength=2.0, shift=0.0, source="openforensics"):
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        fake = bool(rng.random() < 0.5)
        made.append(ScoredMedium(f"{i}.jpg", source, "", f"g{i}", fake, "clean", 1, float(rng.normal(strength if fake else -strength, 2) * 3) + shift * fake, (-50.0, 100.0, 120.0)))
    return made


class CalibrateTest(unittest.TestCase):
    def test_overconfident_logits_are_brought_down_to_what_they_are_worth(self):
        # Gaussians at ±2 with deviation 2 have true log-odds x; the logits are three times that.
        a, b = platt(media(4000))
        self.assertAlmostEqual(a, 1 / 3, delta=0.03)
        self.assertAlmostEqual(b, 0, delta=0.1)

    def test_both_classes_of_a_source_weigh_the_same_and_large_sources_no_more_than_the_cap(self):
        made = media(1000) + media(50, source="ffpp_c23")
        weights = balanced_weights(made)
        total = lambda source, fake: sum(w for w, m in zip(weights, made) if m.source == source and m.fake == fake)
        self.assertAlmostEqual(total("openforensics", True), 100)
        self.assertAlmostEqual(total("openforensics", False), 100)
        self.assertAlmostEqual(total("ffpp_c23", True), 25)

    def test_versions_differ_by_what_their_areas_differ_on_the_same_people(self):
        first, last = media(400, strength=0.5), media(400, strength=0.5, shift=4.0)
        value, low, high = differences(first, last, 50)["openforensics"]
        area = lambda of: metrics.auc(np.array([m.fake for m in of]), np.array([m.logit for m in of]))
        self.assertAlmostEqual(value, area(last) - area(first))
        self.assertTrue(0 < low < value < high)
        with self.assertRaises(ValueError):
            differences(first, last[:-1])

    def test_only_the_marked_section_of_a_card_changes(self):
        card = "before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n"
        self.assertEqual(replace_section(card, "figures", "new\n"), "before\n<!-- figures -->\nnew\n<!-- /figures -->\nafter\n")
        with self.assertRaises(ValueError):
            replace_section("no marks", "figures", "new")


if __name__ == "__main__":
    unittest.main()
