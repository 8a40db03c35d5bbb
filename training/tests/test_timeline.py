"""Pooling, splices and change points on made-up films."""

import unittest

import numpy as np

from forensics import timeline


class TimelineTest(unittest.TestCase):
    def test_change_points_are_those_of_the_service(self):
        # As TrackPoolingTests has it.
        scores = np.repeat([0.05, 0.8, 0.995, 0.6], 6)
        logits = np.log(scores / (1 - scores))
        self.assertEqual(timeline.change_points(logits, 4), [6, 12, 18, 24])
        found = timeline.by_change_points(logits, 0.5, 0.9, 4)
        self.assertEqual(list(np.flatnonzero(found)), list(range(6, 18)))
        self.assertEqual(timeline.change_points(np.array([-8.0, 8.0]), 4), [2])
        self.assertEqual(timeline.change_points(np.array([5.0]), 4), [1])

    def test_sharpness_is_that_of_the_service(self):
        crowd = np.array([4.0, *[-6.0] * 9])
        self.assertAlmostEqual(timeline.over_tracks(crowd, 2), 4 - np.log(10) / 2, 6)
        self.assertEqual(timeline.over_tracks(crowd, np.inf), 4)
        self.assertEqual(timeline.over_tracks(crowd, 0), -5)

    def test_a_splice_lies_inside(self):
        rng = np.random.default_rng(0)
        for share in (0.1, 0.4, 1.0):
            mixed, inside = timeline.spliced(np.zeros(24), np.ones(20), share, rng)
            self.assertEqual((len(mixed), mixed.sum()), (20, round(share * 20)))
            self.assertTrue(mixed[inside].all())

    def test_the_upper_half_sees_a_part_that_the_mean_does_not(self):
        rng = np.random.default_rng(0)
        reals = rng.normal(-2, 1, (60, 24))
        fakes = reals.copy()
        fakes[:, 5:12] += 2
        found = {name: timeline.auc(np.repeat([0, 1], 60), np.array([pool(x) for x in (*reals, *fakes)])) for name, pool in timeline.POOLINGS.items()}
        self.assertGreater(found["mean of the upper half"], found["median"] + 0.1)

    def test_a_retake_is_another_picture_of_the_same(self):
        crop = np.zeros((256, 256, 3), np.uint8)
        crop[64:192, 64:192] = 200
        again = timeline.retake(crop, np.random.default_rng(0))
        self.assertEqual(again.shape, crop.shape)
        self.assertGreater(np.corrcoef(crop.ravel(), again.ravel())[0, 1], 0.9)


if __name__ == "__main__":
    unittest.main()
