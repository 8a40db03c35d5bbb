import csv
import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from detector import heldout
from detector.data import Medium
from detector.heldout import chosen, name_of


def medium(number, label="real", source="a", forgery="", split="val"):
    return Medium(f"{source}/{label}/{forgery}{number}.jpg", label, source, forgery, f"{label}{forgery}{number}", split)


class HeldOutTest(unittest.TestCase):
    def test_only_held_out_media_are_taken_up_to_a_number_a_folder(self):
        media = [medium(n) for n in range(9)] + [medium(n, "fake", forgery="swap") for n in range(3)] + [medium(n, split="train") for n in range(20, 40)]
        folders = chosen(media, 5)
        self.assertEqual({name: len(inside) for name, inside in folders.items()}, {"real/a": 5, "fake/a": 3})
        self.assertTrue(all(m.split == "val" for inside in folders.values() for m in inside))

    def test_of_a_source_that_no_net_saw_both_splits_are_held_out(self):
        media = [medium(n) for n in range(2)] + [medium(n, source="b", split="train") for n in range(3)]
        self.assertEqual({name: len(inside) for name, inside in chosen(media, 9, ["b"]).items()}, {"real/a": 2, "real/b": 3})

    def test_forgeries_of_one_source_have_folders_of_their_own(self):
        media = [medium(1), medium(1, "fake", forgery="swap (GAN), wild"), medium(2, "fake", forgery="lips"), medium(3, "fake", "b", "only")]
        self.assertEqual(list(chosen(media, 5)), ["fake/a_lips", "fake/a_swap-GAN-wild", "fake/b", "real/a"])

    def test_the_choice_does_not_depend_on_the_order_of_the_manifest(self):
        media = [medium(n) for n in range(50)]
        self.assertEqual(chosen(media, 7), chosen(media[::-1], 7))

    def test_a_name_gives_its_group_back_whatever_the_group_holds(self):
        groups = ["033_097", "a b", "a/b", "a@b", "a%40b", "fake_1.jpg"]
        names = [name_of(Medium("x/y@z.jpg", "real", "x", "", group, "val")) for group in groups]
        kept = [re.search("/([^/@]+)@", f"real/x/{name}").group(1) for name in names]
        self.assertEqual(len(set(kept)), len(groups))
        self.assertEqual(kept[0], "033_097")
        self.assertTrue(all(name.endswith("@y@z.jpg") for name in names))

    def test_links_of_an_earlier_choice_go(self):
        with tempfile.TemporaryDirectory() as folder:
            manifest, out = Path(folder, "manifest.csv"), Path(folder, "out")
            with manifest.open("w", newline="") as stream:
                rows = csv.writer(stream)
                rows.writerow(["path", "label", "source", "forgery", "group", "split"])
                rows.writerows([[f"m/{n}.jpg", "real", "a", "", "p", "val"] for n in range(3)])
            (out / "real" / "a").mkdir(parents=True)
            (out / "real" / "a" / "0.jpg").symlink_to("elsewhere")
            with mock.patch("sys.argv", ["heldout", "--manifest", str(manifest), "--out", str(out)]), mock.patch("builtins.print"):
                heldout.main()
                heldout.main()
            self.assertEqual(sorted(link.name for link in (out / "real" / "a").iterdir()), ["p@0.jpg", "p@1.jpg", "p@2.jpg"])


if __name__ == "__main__":
    unittest.main()
