"""The deletion test on self-blends of the sample photos, with the models that ship."""

import unittest

import numpy as np

from detector import runtime
from detector.pinned import LANDMARKS, PHOTOS, faces
from detector.selfblend import self_blend
from forensics import deletion


class MaskTest(unittest.TestCase):
    def test_the_hottest_fifth_is_masked_and_its_shape_moved(self):
        covered = np.zeros((256, 256), bool)
        covered[28:228, 28:228] = True
        evidence = np.where(covered, np.arange(256)[None, :], 10_000.0)
        first, *moved = deletion.deletions(evidence, covered, np.random.default_rng(0))
        self.assertTrue(first[28:228, 188:228].all())
        self.assertEqual(first.sum(), 200 * 40)
        for mask in moved:
            self.assertEqual(mask.sum(), first.sum())
            self.assertFalse(mask[~covered].any())
            self.assertFalse((mask == first).all())

    def test_a_map_is_bilinear_between_its_cells_and_ends_where_the_model_did_not_look(self):
        # As HeatMapPainterTests has it: two by two cells on the whole crop, their middles at pixels 63.5 and 191.5.
        values = deletion.spread(np.float32([[0, 4], [0, 4]]), 1.6)
        self.assertAlmostEqual(values[100, 0], 0, 3)
        self.assertAlmostEqual((values[100, 127] + values[100, 128]) / 2, 2, 2)
        self.assertAlmostEqual(values[100, 255], 4, 3)
        half = deletion.spread(np.float32([[3]]), 0.8)
        self.assertEqual([half[128, 63], half[128, 64], half[191, 191], half[192, 128]], [0, 3, 3, 0])


@unittest.skipUnless(runtime.LIBRARY.exists() and PHOTOS.exists(), "the build or the npm assets are missing")
class DeletionTest(unittest.TestCase):
    def test_what_is_hot_counts_more_than_what_is_not(self):
        explainer = deletion.Explainer()
        fallen = np.array([
            deletion.drops(explainer, self_blend(crop, LANDMARKS, np.random.default_rng((97, index, draw))), np.random.default_rng((5, index, draw)))
            for index, (_, crop) in enumerate(faces()) for draw in range(2)
        ])
        self.assertGreater((fallen[:, 0] - fallen[:, 1]).mean(), 0.2)
        self.assertGreater(np.mean(fallen[:, 0] > fallen[:, 1]), 0.6)

    def test_maps_add_up_to_the_scores(self):
        explainer = deletion.Explainer()
        (_, crop), *_ = faces()
        for member in explainer.members:
            view = deletion.central_view(crop, member.margin, member.size)[None].transpose(0, 3, 1, 2).astype(np.float32) / 255
            out = member.session.run((view - member.mean) / member.std)
            self.assertAlmostEqual(float(out["cam"].mean()), float(out["logit"][0, 0]), 3)


if __name__ == "__main__":
    unittest.main()
