import unittest

from detector.data import Medium
from detector.heldout import chosen


def medium(number, label="real", source="a", forgery="", split="val"):
    return Medium(f"{source}/{label}/{forgery}{number}.jpg", label, source, forgery, f"{label}{forgery}{number}", split)


class HeldOutTest(unittest.TestCase):
    def test_only_held_out_media_are_taken_up_to_a_number_a_folder(self):
        media = [medium(n) for n in range(9)] + [medium(n, "fake", forgery="swap") for n in range(3)] + [medium(n, split="train") for n in range(20, 40)]
        folders = chosen(media, 5)
        self.assertEqual({name: len(inside) for name, inside in folders.items()}, {"real/a": 5, "fake/a": 3})
        self.assertTrue(all(m.split == "val" for inside in folders.values() for m in inside))

    def test_forgeries_of_one_source_have_folders_of_their_own(self):
        media = [medium(1), medium(1, "fake", forgery="swap (GAN), wild"), medium(2, "fake", forgery="lips"), medium(3, "fake", "b", "only")]
        self.assertEqual(list(chosen(media, 5)), ["fake/a_lips", "fake/a_swap-GAN-wild", "fake/b", "real/a"])

    def test_the_choice_does_not_depend_on_the_order_of_the_manifest(self):
        media = [medium(n) for n in range(50)]
        self.assertEqual(chosen(media, 7), chosen(media[::-1], 7))


if __name__ == "__main__":
    unittest.main()
