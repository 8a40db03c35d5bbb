import json
import unittest

import numpy as np

from detector import metrics, runtime
from detector.pinned import EXPECTED, PHOTOS, measure


@unittest.skipUnless(runtime.LIBRARY.exists() and PHOTOS.exists(), "the build or the npm assets are missing")
class PinnedTest(unittest.TestCase):
    def test_the_models_say_what_they_said(self):
        expected, measured = json.loads(EXPECTED.read_text()), measure()
        self.assertEqual(sorted(measured), sorted(expected))
        for model, rows in expected.items():
            self.assertEqual(list(measured[model]), list(rows))
            # Other processors round the last digits of a convolution, and resizing its last grey level, in other ways.
            np.testing.assert_allclose(list(measured[model].values()), list(rows.values()), atol=0.15, err_msg=model)
            self.assertLess(np.abs(np.array(list(measured[model].values())) - np.array(list(rows.values()))).mean(), 0.03)

    def test_a_face_scores_below_its_own_self_blends_more_often_than_not(self):
        values = np.array(list(json.loads(EXPECTED.read_text())["swap-mobilenet"].values()))
        labels = np.repeat([0, 1], [len(values), 2 * len(values)])
        self.assertGreater(metrics.auc(labels, np.concatenate([values[:, 0], values[:, 1], values[:, 2]])), 0.6)


if __name__ == "__main__":
    unittest.main()
