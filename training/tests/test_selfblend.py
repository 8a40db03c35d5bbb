import unittest

import cv2
import numpy as np

from detector import degrade
from detector.selfblend import FaceFrame, blend_mask, blended_pair, foreign_pair, self_blend

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


class PairTest(unittest.TestCase):
    def test_neither_of_a_pair_is_softer_than_the_other_in_general(self):
        crop = cv2.GaussianBlur(texture(6), (0, 0), 1.0)
        fineness = lambda image: cv2.Laplacian(image, cv2.CV_32F).std()
        finer = []
        for draw in range(120):
            real, fake = blended_pair(crop, LANDMARKS, np.random.default_rng(draw))
            finer.append(np.sign(fineness(fake) - fineness(real)))
        self.assertLess(abs(np.mean(finer)), 0.25)

    def test_a_real_of_a_pair_is_one_picture_the_untouched_one_or_a_changed_one(self):
        crop = texture(7)
        untouched = [np.array_equal(blended_pair(crop, LANDMARKS, np.random.default_rng(draw))[0], crop) for draw in range(60)]
        self.assertTrue(8 < sum(untouched) < 40, sum(untouched))

    def test_a_foreign_face_is_laid_over_the_target_and_nothing_else_changes(self):
        target, donor = np.full((256, 256, 3), 90, np.uint8), texture(8)
        for draw in range(12):
            real, fake = foreign_pair(target, LANDMARKS, donor, LANDMARKS + 12, np.random.default_rng(draw))
            self.assertEqual((fake.shape, fake.dtype), (target.shape, np.uint8))
            np.testing.assert_allclose(fake[:10].astype(int), real[:10].astype(int), atol=1)
            self.assertTrue((fake[90:180, 90:170] != real[90:180, 90:170]).any())

    def test_a_donor_with_landmarks_on_one_spot_does_no_harm(self):
        _, fake = foreign_pair(texture(1), LANDMARKS, texture(2), np.full((6, 2), 128, np.float32), np.random.default_rng(0))
        self.assertEqual(fake.shape, (256, 256, 3))


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

    def test_the_finer_of_two_is_brought_down_to_the_softness_of_the_other(self):
        fine = texture(5)
        soft = cv2.GaussianBlur(fine, (0, 0), 1.2)
        fineness = lambda image: cv2.Laplacian(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var()
        for first, second in ((fine, soft), (soft, fine)):
            a, b = degrade.equally_sharp(first, second)
            self.assertLess(abs(np.log(fineness(a) / fineness(b))), 0.7)
        a, b = degrade.equally_sharp(soft, soft)
        np.testing.assert_array_equal(a, b)

    def test_a_share_of_the_draws_leaves_fineness_alone(self):
        draws = [degrade.draw(np.random.default_rng(n), 1.3, 128, plain_share=0.5) for n in range(200)]
        plain = [not (d.middle_side or d.blur or d.noise or d.late_video or d.early_jpeg) and (d.late_jpeg == 0 or d.late_jpeg >= 70) for d in draws]
        self.assertTrue(90 < sum(plain) < 150, sum(plain))

    def test_codecs_keep_the_order_of_the_colours(self):
        red = np.zeros((256, 256, 3), np.uint8)
        red[..., 0] = 220
        for how in (degrade.Degradation(late_jpeg=60), degrade.Degradation(late_video=40), degrade.Degradation(early_jpeg=60)):
            seen = degrade.apply(red, how, 64).reshape(-1, 3).mean(0)
            self.assertGreater(seen[0], 180)
            self.assertLess(seen[1:].max(), 40)
