import json
import struct
import tempfile
import unittest
from pathlib import Path

import numpy as np

from detector.crops import CROP_SIDE, central_view, read_pack, window
from detector.data import CropRow, CropSet, Medium, PairSampler, check_groups, fold_of, main_tracks, read_manifest

HEADER = "path,label,source,forgery,group,split\n"


def medium(path, label="real", source="a", group=None, split="train", forgery=""):
    return Medium(path, label, source, forgery, group or path, split)


def row(of, track=1, size=100.0):
    return CropRow(of, "p", 0, track, 0.0, size, 50.0, 120.0, 0.0, (0.0,) * 12)


def manifest(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.csv"
        path.write_text(HEADER + text)
        return read_manifest(path)


class SplitTest(unittest.TestCase):
    def test_a_group_in_two_splits_is_refused(self):
        with self.assertRaisesRegex(ValueError, "crosses"):
            manifest("x.jpg,real,a,,g1,train\ny.jpg,fake,a,f,g1,val\n")

    def test_a_path_listed_twice_is_refused(self):
        with self.assertRaisesRegex(ValueError, "twice"):
            manifest("x.jpg,real,a,,g1,train\nx.jpg,real,a,,g1,train\n")

    def test_an_unknown_label_is_refused(self):
        with self.assertRaisesRegex(ValueError, "unknown label"):
            manifest("x.jpg,maybe,a,,g1,train\n")

    def test_a_quoted_comma_in_a_forgery_stays_one_field(self):
        self.assertEqual(manifest('x.jpg,fake,a,"swap (GAN), wild",g1,train\n')[0].forgery, "swap (GAN), wild")

    def test_the_fold_depends_on_the_group_alone_and_is_stable(self):
        self.assertEqual([fold_of(f"person-{i}") for i in range(8)], [fold_of(f"person-{i}") for i in range(8)])
        self.assertAlmostEqual(np.mean([fold_of(str(i)) for i in range(2000)]), 0.5, delta=0.05)

    def test_groups_in_one_split_pass(self):
        check_groups([medium("x", group="g"), medium("y", group="g")])


class CropSetTest(unittest.TestCase):
    def test_only_the_main_track_of_a_medium_is_kept(self):
        clip = medium("clip")
        rows = [row(clip, 1, 50), row(clip, 2, 300), row(clip, 1, 50), row(medium("photo"), 1, 30), row(medium("photo"), 2, 90)]
        self.assertEqual([(r.medium.path, r.track) for r in main_tracks(rows)], [("clip", 1), ("clip", 1), ("photo", 2)])

    def test_sampled_pairs_come_from_training_people_of_one_source(self):
        media = [
            medium(f"{source}{label}{split}{i}", label, source, split=split, forgery="f" if label == "fake" else "")
            for source in "ab" for label in ("real", "fake") for split in ("train", "val") for i in range(3)
        ]
        crops = CropSet([row(m) for m in media], [np.zeros(0)] * len(media))
        sampler = PairSampler(crops, {"a": 1.0}, {"a": 0.5, "b": 0.5})
        rng = np.random.default_rng(0)
        for _ in range(200):
            blended = crops.rows[sampler.blend(rng)].medium
            self.assertEqual((blended.source, blended.label, blended.split), ("a", "real", "train"))
            real, fake = (crops.rows[i].medium for i in sampler.pair(rng))
            self.assertEqual((real.label, fake.label, real.split, fake.split), ("real", "fake", "train", "train"))
            self.assertEqual(real.source, fake.source)

    def test_a_source_without_fakes_gives_no_pairs(self):
        crops = CropSet([row(medium("x"))], [np.zeros(0)])
        with self.assertRaisesRegex(ValueError, "no training crops"):
            PairSampler(crops, {"a": 1.0}, {"a": 1.0})


class PackTest(unittest.TestCase):
    def write(self, folder, count, described, pixels=None):
        header = json.dumps({
            "__metadata__": {"crops": json.dumps([{}] * described)},
            "faces": {"dtype": "U8", "shape": [count, CROP_SIDE, CROP_SIDE, 3], "data_offsets": [0, count * CROP_SIDE * CROP_SIDE * 3]},
        }).encode()
        path = Path(folder) / "pack.safetensors"
        path.write_bytes(struct.pack("<Q", len(header)) + header + (pixels if pixels is not None else bytes(count * CROP_SIDE * CROP_SIDE * 3)))
        return path

    def test_pixels_are_read_where_they_lie(self):
        pixels = np.random.default_rng(0).integers(0, 256, (2, CROP_SIDE, CROP_SIDE, 3), np.uint8)
        with tempfile.TemporaryDirectory() as folder:
            pack = read_pack(self.write(folder, 2, 2, pixels.tobytes()))
            np.testing.assert_array_equal(pack.pixels, pixels)

    def test_a_pack_that_contradicts_itself_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(ValueError):
                read_pack(self.write(folder, 2, 1))
            with self.assertRaises(ValueError):
                read_pack(self.write(folder, 2, 2, b"short"))
            (Path(folder) / "junk").write_bytes(b"\xff" * 64)
            with self.assertRaises(ValueError):
                read_pack(Path(folder) / "junk")


class ViewTest(unittest.TestCase):
    def test_the_view_is_the_centre_of_the_crop(self):
        crop = np.zeros((CROP_SIDE, CROP_SIDE, 3), np.uint8)
        crop[64:192, 64:192] = 200
        self.assertTrue((central_view(crop, 0.8, 64)[2:-2, 2:-2] == 200).all())
        self.assertTrue((central_view(crop, 1.6, 64)[0] == 0).all())

    def test_a_window_stays_inside_the_crop(self):
        crop = np.full((CROP_SIDE, CROP_SIDE, 3), 77, np.uint8)
        self.assertTrue((window(crop, 250, (90.0, -90.0), 32) == 77).all())


if __name__ == "__main__":
    unittest.main()
