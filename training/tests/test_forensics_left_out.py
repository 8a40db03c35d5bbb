import csv
import tempfile
import unittest
from pathlib import Path

import numpy as np

from detector import fusion
from forensics import left_out
from tests.test_fusion import CONFIG, media


class LeftOutTest(unittest.TestCase):
    def test_a_signal_that_sees_what_the_networks_miss_gains_and_noise_does_not(self):
        made = media(900, strength=1.0)
        rng = np.random.default_rng(3)
        seen = (rng.normal(0, 1, 900) + 2 * made.fake)[:, None]
        seen[::5] = np.nan
        found = left_out.gains(made, CONFIG, {"sees": seen, "noise": rng.normal(0, 1, (900, 2))})
        self.assertEqual(set(found["sees"]), {"swapped", "painted"})
        for kind in found["sees"]:
            self.assertGreater(found["sees"][kind][0], 0.05)
            self.assertLess(abs(found["noise"][kind][0]), 0.03)
            self.assertLess(found["sees"][kind][1], 0.03)
        self.assertEqual([line.split("|")[1].strip() for line in left_out.table(found).splitlines()[2:]], ["sees", "noise"])

    def test_numbers_are_read_of_the_media_that_the_fusion_reads(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "evaluation.csv")
            rows = [["path", "label", "a", "b", "c", "grid.x", "grid.y", "grid", "rare.x"]]
            rows += [[f"real/people/p{i}@1.jpg", "real", 0.5, 0.5, "" if i == 1 else 0.5, i, "" if i == 2 else 2 * i, 0.5, 1 if i == 0 else ""] for i in range(12)]
            with path.open("w", newline="") as stream:
                csv.writer(stream).writerows(rows)
            found = left_out.numbers([path], CONFIG)
            scored, _ = fusion.read([path], CONFIG)
        self.assertEqual(list(found), ["grid"])
        self.assertEqual(len(scored.fake), len(found["grid"]))
        np.testing.assert_array_equal(found["grid"][:3], [[0, 0], [2, np.nan], [3, 6]])
        scaled = left_out.standardised(found["grid"], np.ones(11, bool))
        self.assertEqual(scaled.shape, (11, 3))
        self.assertTrue(np.isfinite(scaled).all() and np.abs(scaled).max() <= 3)


if __name__ == "__main__":
    unittest.main()
