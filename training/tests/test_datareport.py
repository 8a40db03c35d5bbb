import unittest

import cv2
import numpy as np

from detector.data import Medium
from detector.datareport import blockiness, difference_hash, duplicates, fineness, near_pairs, thumbnail


def picture(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
    return cv2.resize(coarse, (256, 256), interpolation=cv2.INTER_CUBIC)


def saved_again(image: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)


def medium(path: str, label: str = "real", group: str | None = None, split: str = "train") -> Medium:
    return Medium(path, label, "s", "", group or path, split)


class DuplicateTest(unittest.TestCase):
    def found(self, media, pictures):
        out = duplicates(media, np.array([difference_hash(p) for p in pictures]), np.stack([thumbnail(p) for p in pictures]))
        return [(drop.path, keep.path) for drop, keep in out]

    def test_a_picture_saved_again_is_found_and_another_is_not(self):
        pictures = [picture(1), picture(2), saved_again(picture(1))]
        self.assertEqual(self.found([medium("a"), medium("b"), medium("c")], pictures), [("c", "a")])

    def test_the_held_out_one_stays(self):
        pictures = [picture(1), saved_again(picture(1))]
        self.assertEqual(self.found([medium("a"), medium("b", split="val")], pictures), [("a", "b")])
        self.assertEqual(self.found([medium("a", split="val"), medium("b")], pictures), [("b", "a")])
        self.assertEqual(self.found([medium("a", split="val"), medium("b", split="val")], pictures), [])

    def test_people_that_belong_together_and_a_swap_beside_its_target_stay(self):
        pictures = [picture(1), saved_again(picture(1))]
        self.assertEqual(self.found([medium("a", group="g"), medium("b", group="g")], pictures), [])
        self.assertEqual(self.found([medium("a"), medium("b", "fake")], pictures), [])

    def test_near_pairs_are_those_of_a_plain_search(self):
        rng = np.random.default_rng(0)
        hashes = rng.integers(0, 1 << 63, 40, np.uint64)
        for at, bits in ((1, 1), (5, 3), (9, 4)):
            flips = rng.permutation(64)[:bits]
            hashes[at + 20] = hashes[at] ^ np.bitwise_or.reduce(np.uint64(1) << flips.astype(np.uint64))
        distance = lambda i, j: bin(int(hashes[i]) ^ int(hashes[j])).count("1")
        plain = [(i, j) for i in range(40) for j in range(i + 1, 40) if distance(i, j) <= 3]
        self.assertEqual(near_pairs(hashes), plain)
        self.assertEqual(plain, [(1, 21), (5, 25)])


class FinenessTest(unittest.TestCase):
    def test_it_falls_with_blur_and_not_with_contrast(self):
        noisy = np.clip(picture(3).astype(int) + np.random.default_rng(1).normal(0, 12, (256, 256, 3)), 0, 255).astype(np.uint8)
        pale = (noisy // 2 + 60).astype(np.uint8)
        self.assertLess(fineness(cv2.GaussianBlur(noisy, (0, 0), 1.5)), fineness(noisy) - 1)
        self.assertAlmostEqual(fineness(pale), fineness(noisy), delta=0.8)


class BlockinessTest(unittest.TestCase):
    def test_compression_leaves_its_grid(self):
        noisy = np.clip(picture(3).astype(int) + np.random.default_rng(1).normal(0, 12, (256, 256, 3)), 0, 255).astype(np.uint8)
        harsh = cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 15])[1], cv2.IMREAD_COLOR)
        self.assertGreater(blockiness(harsh), blockiness(noisy) + 0.1)


if __name__ == "__main__":
    unittest.main()
