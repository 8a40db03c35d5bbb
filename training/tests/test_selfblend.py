import unittest

import numpy as np

from detector import degrade
from detector.selfblend import FaceFrame, blend_mask, self_blend

# A frontal face of a 256 px crop: right eye, left eye, nose tip, mouth centre, right ear, left ear.
LANDMARKS = np.array([[95, 100], [161, 100], [128, 135], [128, 168], [62, 112], [194, 112]], np.float32)


def texture(seed):
    return np.random.default_rng(seed).integers(0, 256, (256, 256, 3), np.uint8)


class MaskTest(unittest.TestCase):
    def test_masks_are_soft_lie_on_the_face_and_differ(self):
        rng = np.random.default_rng(0)
        frame = FaceFrame.from_landmarks(LANDMARKS)
        masks = [blend_mask(frame, 256, rng) for _ in range(60)]
        for mask in masks:
            self.assertEqual((mask.shape, mask.dtype), ((256, 256), np.float32))
            self.assertGreaterEqual(mask.min(), 0)
            self.assertLessEqual(mask.max(), 1 + 1e-5)
            self.assertGreater(mask.sum(), 100)
        mean = np.mean(masks, 0)
        self.assertGreater(mean[95:175, 95:160].mean(), 0.35)
        self.assertLess(mean[:25].mean() + mean[-12:].mean(), 0.05)
        areas = [m.sum() for m in masks]
        self.assertGreater(np.std(areas) / np.mean(areas), 0.3)

    def test_the_frame_turns_with_the_head(self):
        turn = np.array([[0, -1], [1, 0]], np.float32)
        turned = (LANDMARKS - 128) @ turn.T + 128
        upright, lying = FaceFrame.from_landmarks(LANDMARKS), FaceFrame.from_landmarks(turned)
        for rise, side in ((0.5, 0.3), (-1.2, -0.6)):
            np.testing.assert_allclose(lying.point(rise, side), (upright.point(rise, side) - 128) @ turn.T + 128, atol=1e-3)

    def test_landmarks_on_one_spot_still_give_a_mask(self):
        frame = FaceFrame.from_landmarks(np.full((6, 2), 128, np.float32))
        mask = blend_mask(frame, 256, np.random.default_rng(0))
        self.assertTrue(np.isfinite(mask).all())


class BlendTest(unittest.TestCase):
    def test_the_same_generator_gives_the_same_fake(self):
        crop = texture(1)
        first, second = (self_blend(crop, LANDMARKS, np.random.default_rng(5)) for _ in range(2))
        np.testing.assert_array_equal(first, second)

    def test_a_fake_differs_from_its_real_inside_the_face(self):
        crop = texture(2)
        rng = np.random.default_rng(0)
        for _ in range(20):
            fake = self_blend(crop, LANDMARKS, rng)
            self.assertEqual((fake.shape, fake.dtype), (crop.shape, np.uint8))
            self.assertTrue((fake != crop).any())


class DegradeTest(unittest.TestCase):
    def test_both_of_a_pair_get_the_same_degradation(self):
        rng = np.random.default_rng(0)
        crop = texture(3)
        for _ in range(30):
            how = degrade.draw(rng, 1.3, 128)
            first, second = degrade.apply(crop, how, 128), degrade.apply(crop.copy(), how, 128)
            self.assertEqual((first.shape, first.dtype), ((128, 128, 3), np.uint8))
            np.testing.assert_array_equal(first, second)

    def test_without_degradation_the_view_is_what_serving_sees(self):
        from detector.crops import central_view

        crop = texture(4)
        np.testing.assert_array_equal(degrade.apply(crop, degrade.CONDITIONS["clean"](1.3, 128), 128), central_view(crop, 1.3, 128))

    def test_codecs_keep_the_order_of_the_colours(self):
        red = np.zeros((256, 256, 3), np.uint8)
        red[..., 0] = 220
        for how in (degrade.Degradation(late_jpeg=60), degrade.Degradation(late_video=40), degrade.Degradation(early_jpeg=60)):
            seen = degrade.apply(red, how, 64).reshape(-1, 3).mean(0)
            self.assertGreater(seen[0], 180)
            self.assertLess(seen[1:].max(), 40)
