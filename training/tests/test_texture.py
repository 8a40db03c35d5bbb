import dataclasses
import json
import struct
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import torch

from detector import degrade
from detector.config import TRAINING
from detector.crops import central_view
from detector.data import Medium
from detector.nets import build
from detector.quantise import calibration_inputs, held_out
from texture import bank, decoders, degradation, esrgan, export, patches, quantise, taef2
from texture.config import DataConfig, FamiliesConfig, TextureConfig, TrainConfig, read_config
from texture.nativefaces import NativeFace, NativeFaces
from texture.painted import Donor, painted_finer, painted_lips, painted_small
from texture.pairs import PairMaker, equally_soft, fresh, inner_sharpness, moved, views_of
from texture.protocol import FaceScorer, ScoredFace, pooled, score, table
from texture.refit import drawn, face_features
from texture.train import batch_at, keep_start, learning_rate, start_weights, train

SIDE = 192
POINTS = np.float32([(72, 80), (120, 80), (96, 104), (96, 128), (52, 90), (140, 90)])

CONFIG = TextureConfig(
    "tiny", "compact_cnn", 64,
    DataConfig({"mine": 1.0}, {"mine": 1.0, "gan": 1.0}, {"gan": {"mine": 1.0}}),
    FamiliesConfig(painted=2, blended=1, regrown=1, labelled=2, lips=1),
    TrainConfig(seed=3, steps=4, patches=2, learning_rate=1e-3, warmup_steps=1, cooldown_steps=2, checkpoint_steps=2, precision="float32", rank_weight=0.5),
)


def picture(seed, side=SIDE):
    noise = np.random.default_rng(seed)
    coarse = cv2.resize(noise.integers(40, 216, (24, 24, 3), np.uint8), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(coarse + noise.normal(0, 8, coarse.shape), 0, 255).astype(np.uint8)


def faces(media=3):
    rows, pixels = [], []
    for source, kinds in (("mine", ("real", "fake")), ("gan", ("fake",)), ("lfw", ("real",))):
        for kind in kinds:
            for n in range(media):
                medium = Medium(f"{source}/{kind}/{n}.jpg", kind, source, "swap" if kind == "fake" else "", f"{source}{n}", "val" if n == 0 else "train")
                rows.append(NativeFace(medium, 0.0, 80.0, 50.0, 120.0, 0.0, SIDE, tuple(POINTS.ravel().tolist())))
                pixels.append(picture((len(rows), 1)))
    return NativeFaces(rows, pixels)


class ConfigTest(unittest.TestCase):
    def test_every_experiment_reads(self):
        for path in sorted((TRAINING / "configs").glob("*/*.toml")):
            config = read_config(path)
            self.assertEqual(config.name, path.stem)
            self.assertEqual(config.view, path.parent.name)
            self.assertLessEqual(set(config.families.generators) - {"taef2", *esrgan.FACTORS}, set(decoders.ZOO))

    def test_an_unknown_field_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.toml"
            path.write_text((TRAINING / "configs/texture/texture-made.toml").read_text().replace("[train]", "[train]\nlerning_rate = 1.0"))
            with self.assertRaisesRegex(ValueError, "lerning_rate"):
                read_config(path)

    def test_a_step_without_pairs_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.toml"
            path.write_text('name = "x"\narchitecture = "resnet18"\nsize = 96\n[data]\nreal_sources = {}\n[families]\n[train]\nseed = 1\nsteps = 1\npatches = 1\nlearning_rate = 1\nwarmup_steps = 1\ncooldown_steps = 1\n')
            with self.assertRaisesRegex(ValueError, "no family"):
                read_config(path)


    def test_a_context_view_needs_a_margin_and_no_bank(self):
        text = (TRAINING / "configs/context/context-without-dfdc.toml").read_text()
        for change in (("margin = 1.4", ""), ("margin = 1.4", "margin = 1.8"), ('view = "context"', ""), ("blended = 7", "blended = 7\nresynthesised = 1"), ("patches = 1", "patches = 2")):
            with self.subTest(change=change), tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "x.toml"
                path.write_text(text.replace(*change))
                with self.assertRaisesRegex(ValueError, "context"):
                    read_config(path)


class NativeFacesTest(unittest.TestCase):
    COLUMNS = ("path,pack,row,seconds,track,x,y,width,height,confidence,detector,size,sharpness,brightness,yaw,roll," + ",".join(f"l{i}{a}" for i in range(6) for a in "xy"))

    def cache(self, folder, crops):
        """Packs of one frame each: (path, detector, native square or None)."""
        folder, lines = Path(folder), [self.COLUMNS]
        (folder / "manifest.csv").write_text("path,label,source,forgery,group,split\na.mp4,real,mine,,a,train\nb.jpg,fake,mine,swap,b,val\n")
        for row, (path, detector, native) in enumerate(crops):
            described = {} if native is None else {"native": {"side": native.shape[0], "landmarks": POINTS.ravel().tolist()}}
            tensors = {"faces": np.zeros((1, 256, 256, 3), np.uint8)} | ({} if native is None else {"native_0": native})
            offset, header, data = 0, {"__metadata__": {"crops": json.dumps([described])}}, b""
            for name, values in tensors.items():
                header[name] = {"dtype": "U8", "shape": list(values.shape), "data_offsets": [offset, offset + values.size]}
                offset, data = offset + values.size, data + values.tobytes()
            raw = json.dumps(header).encode()
            (folder / f"crops-{row}.safetensors").write_bytes(struct.pack("<Q", len(raw)) + raw + data)
            lines.append(f"{path},crops-{row}.safetensors,0,{row},1,0,0,80,80,0.9,{detector},80,50,120,0,0," + ",".join(["100"] * 12))
        (folder / "crops.csv").write_text("\n".join(lines) + "\n")
        return folder

    def test_squares_come_from_the_packs_and_a_clip_gives_a_few_frames_evenly(self):
        squares = [picture(n, 8 * (n + 14)) for n in range(6)]
        with tempfile.TemporaryDirectory() as folder:
            cache = self.cache(folder, [("a.mp4", "blazeface-256", s) for s in squares[:5]] + [("b.jpg", "blazeface-256", squares[5]), ("c.jpg", "blazeface-256", squares[0])])
            opened = NativeFaces.open(cache, cache / "manifest.csv", per_clip=3)
            self.assertEqual([(row.medium.path, row.seconds, row.side) for row in opened.rows], [("a.mp4", 0, 112), ("a.mp4", 2, 128), ("a.mp4", 4, 144), ("b.jpg", 5, 152)])
            for at, square in zip(range(4), (squares[0], squares[2], squares[4], squares[5])):
                np.testing.assert_array_equal(opened.pixels(at), square)
            np.testing.assert_array_equal(opened.landmarks(3), POINTS)

    def test_crops_of_a_time_without_squares_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            cache = self.cache(folder, [("b.jpg", "blazeface-256", None)])
            with self.assertRaisesRegex(ValueError, "no native squares"):
                NativeFaces.open(cache, cache / "manifest.csv")

    def test_pictures_without_a_face_are_left_out(self):
        with tempfile.TemporaryDirectory() as folder:
            cache = self.cache(folder, [("b.jpg", "none", picture(1, 112))])
            self.assertEqual(len(NativeFaces.open(cache, cache / "manifest.csv")), 0)


class PaintedTest(unittest.TestCase):
    def test_only_what_the_mask_covers_changes_and_it_loses_detail_in_the_median(self):
        lost = []
        for seed in range(12):
            real = picture(seed)
            fake, mask = painted_small(real, POINTS, Donor(picture(99), POINTS) if seed % 3 == 0 else None, np.random.default_rng(seed))
            np.testing.assert_array_equal(fake[mask < 1e-3], real[mask < 1e-3])
            self.assertGreater(mask.max(), 0.5)
            lost.append(inner_sharpness(fake, POINTS) / inner_sharpness(real, POINTS))
        self.assertLess(np.median(lost), 0.8)

    def test_a_face_may_be_painted_finer_than_a_picture_that_lost_detail(self):
        gained = []
        for seed in range(40):
            real, fake, mask = painted_finer(picture(seed), POINTS, None, np.random.default_rng(seed))
            np.testing.assert_array_equal(fake[mask < 1e-3], real[mask < 1e-3])
            gained.append(inner_sharpness(fake, POINTS) / inner_sharpness(real, POINTS))
        self.assertGreater(np.median(gained), 1.2)

    def test_painted_lips_leave_eyes_and_forehead_alone_and_cover_the_mouth(self):
        eyes, (x, y) = int(POINTS[0, 1]), POINTS[3].astype(int)
        for seed in range(12):
            real = picture(seed)
            fake, mask = painted_lips(real, POINTS, Donor(picture(99), POINTS) if seed % 3 == 0 else None, np.random.default_rng(seed))
            self.assertLess(mask[:eyes].max(), 0.2)
            np.testing.assert_array_equal(fake[mask < 1e-3], real[mask < 1e-3])
            self.assertGreater(mask[y, x], 0.5)
            self.assertGreater(np.abs(fake[y - 6 : y + 6, x - 12 : x + 12].astype(int) - real[y - 6 : y + 6, x - 12 : x + 12]).mean(), 1)

    def test_points_that_span_nothing_change_nothing(self):
        real = picture(1)
        for painter in (painted_small, painted_lips):
            fake, mask = painter(real, np.zeros((6, 2), np.float32), None, np.random.default_rng(0))
            np.testing.assert_array_equal(fake, real)
            self.assertEqual(mask.max(), 0)


class PatchesTest(unittest.TestCase):
    def test_patches_are_pixels_of_the_picture(self):
        image = picture(5)
        for place in patches.scored_places(POINTS, SIDE, 64):
            left, top = patches.corner(place, 64, SIDE)
            np.testing.assert_array_equal(patches.cut(image, place, 64), image[top : top + 64, left : left + 64])

    def test_a_picture_smaller_than_a_patch_is_mirrored(self):
        self.assertEqual(patches.cut(picture(5, 48), np.array([10, 10]), 64).shape, (64, 64, 3))

    def test_a_small_face_gives_few_places_and_a_large_one_all(self):
        self.assertLess(len(patches.scored_places(POINTS / 3, 112, 96)), 3)
        self.assertEqual(len(patches.scored_places(POINTS * 3, 3 * SIDE, 96)), patches.SCORED)

    def test_drawn_places_prefer_what_was_changed(self):
        mask = np.zeros((SIDE, SIDE), np.float32)
        mask[110:] = 1
        rows = [patches.drawn_places(POINTS, mask, 48, 1, np.random.default_rng(seed))[0][1] for seed in range(40)]
        anywhere = [patches.drawn_places(POINTS, np.ones_like(mask), 48, 1, np.random.default_rng(seed))[0][1] for seed in range(40)]
        self.assertGreater(np.mean(rows), np.mean(anywhere) + 8)


class DegradationTest(unittest.TestCase):
    def test_landmarks_follow_flip_and_scale(self):
        points = moved(POINTS, SIDE, degradation.PictureDegradation(flip=True, scale=0.5))
        # The right eye stays on the picture's left.
        self.assertLess(points[0, 0], points[1, 0])
        np.testing.assert_allclose(points[3], [(SIDE - 1 - 96) / 2, 64])

    def test_a_draw_never_makes_the_picture_smaller_than_a_patch(self):
        for seed in range(50):
            how = degradation.draw(np.random.default_rng(seed), 0.3, 96 / 112)
            self.assertGreaterEqual(degradation.apply(picture(1, 112), how).shape[0], 95)

    def test_conditions_of_the_protocol_act(self):
        image = picture(4)
        self.assertEqual(degradation.apply(image, degradation.CONDITIONS["half"]()).shape[0], SIDE // 2)
        np.testing.assert_array_equal(degradation.apply(image, degradation.CONDITIONS["clean"]()), image)


class PairTest(unittest.TestCase):
    def setUp(self):
        self.faces = faces()
        self.maker = PairMaker(self.faces, None, CONFIG)

    def test_a_batch_is_a_function_of_seed_and_step_and_half_real(self):
        images, labels = batch_at(self.maker, CONFIG, 5)
        again, _ = batch_at(PairMaker(self.faces, None, CONFIG), CONFIG, 5)
        np.testing.assert_array_equal(images, again)
        self.assertEqual(images.shape, (2 * 2 * CONFIG.families.pairs, 64, 64, 3))
        self.assertEqual(labels.mean(), 0.5)

    def test_a_family_of_zero_pairs_is_left_out(self):
        config = dataclasses.replace(CONFIG, families=FamiliesConfig(blended=3))
        self.assertEqual(len(PairMaker(self.faces, None, config).draw(np.random.default_rng(0))), 3)

    def test_a_labelled_fake_stands_beside_its_own_original(self):
        config = dataclasses.replace(CONFIG, data=DataConfig({"mine": 1.0}, {"mine": 1.0}))
        maker = PairMaker(self.faces, None, config)
        for seed in range(6):
            pair = maker.labelled(np.random.default_rng(seed))
            group = {i: row.medium.group for i, row in enumerate(self.faces.rows)}
            find = lambda image: next(i for i in group if np.array_equal(self.faces.pixels(i), image))
            self.assertEqual(group[find(pair.real)], group[find(pair.fake)])

    def test_held_out_people_are_never_drawn(self):
        held_out = [self.faces.pixels(i) for i in self.faces.where("val")]
        for seed in range(6):
            for pair in self.maker.draw(np.random.default_rng(seed)):
                self.assertFalse(any(np.array_equal(pair.real, image) for image in held_out))

    def test_both_of_a_pair_are_cut_at_the_same_place(self):
        config = dataclasses.replace(CONFIG, train=dataclasses.replace(CONFIG.train, plain_share=1.0, equally_soft_share=0.0))
        pair = self.maker.painted(np.random.default_rng(2))
        same = dataclasses.replace(pair, fake=pair.real)
        real, fake = views_of(same, config, np.random.default_rng(8))
        np.testing.assert_array_equal(real, fake)

    def test_the_context_view_shows_the_crop_as_the_service_does(self):
        config = dataclasses.replace(CONFIG, view="context", margin=1.4, train=dataclasses.replace(CONFIG.train, equally_soft_share=0.0))
        image = picture(4, 256)
        pair = dataclasses.replace(self.maker.painted(np.random.default_rng(2)), real=image, fake=image)
        plain = dataclasses.replace(degrade.Degradation(), margin=1.4)
        with mock.patch.object(degrade, "draw", return_value=plain):
            (real,), (fake,) = views_of(pair, config, np.random.default_rng(8))
        np.testing.assert_array_equal(real, central_view(image, 1.4, config.size))
        np.testing.assert_array_equal(fake, real)

    def test_in_the_context_view_the_larger_face_of_a_labelled_pair_loses_its_detail(self):
        config = dataclasses.replace(CONFIG, view="context", margin=1.4, data=DataConfig({"mine": 1.0}, {"mine": 1.0}))
        rows = [dataclasses.replace(row, size=40.0 if row.fake else 400.0) for row in self.faces.rows]
        small = NativeFaces(rows, [self.faces.pixels(i) for i in range(len(rows))])
        pair = PairMaker(small, None, config).labelled(np.random.default_rng(1))
        own = lambda image: any(np.array_equal(image, small.pixels(i)) for i in range(len(rows)))
        self.assertTrue(own(pair.fake))
        self.assertFalse(own(pair.real))

    def test_equally_soft_blurs_the_finer_one_only(self):
        real = picture(3)
        soft = cv2.GaussianBlur(real, (0, 0), 1.0)
        pair = dataclasses.replace(self.maker.painted(np.random.default_rng(2)), real_landmarks=POINTS, fake_landmarks=POINTS)
        one, other = equally_soft(real, soft, pair)
        np.testing.assert_array_equal(other, soft)
        self.assertLess(inner_sharpness(one, POINTS), 1.3 * inner_sharpness(soft, POINTS))

    def test_a_fresh_picture_is_smaller_and_its_points_follow(self):
        image, points = fresh(picture(1), POINTS, 160.0, 1.0, np.random.default_rng(1))
        self.assertLess(image.shape[0], SIDE)
        np.testing.assert_allclose(points / image.shape[0], POINTS / SIDE, rtol=1e-5)


class BankTest(unittest.TestCase):
    def test_what_is_written_is_read_and_drawn_by_generator(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        entry = bank.BankEntry("shuffle-4", "mine/real/1.jpg", "mine", "g", "train", 0, 64, tuple((POINTS / 3).ravel().tolist()))
        stored = [(entry, picture(n, 64), picture(n + 50, 64)) for n in range(3)]
        self.assertEqual(bank.write(folder / "shuffle-4", stored), 3)
        opened = bank.Bank.open(folder)
        real, fake, points = opened.pair(1)
        np.testing.assert_array_equal(real, stored[1][1])
        np.testing.assert_array_equal(fake, stored[1][2])
        np.testing.assert_allclose(points, POINTS / 3, atol=0.01)
        config = dataclasses.replace(CONFIG, families=FamiliesConfig(resynthesised=2, generators={"shuffle-4": 1.0}))
        self.assertEqual(len(PairMaker(faces(), opened, config).draw(np.random.default_rng(0))), 2)
        unknown = dataclasses.replace(config, families=FamiliesConfig(resynthesised=2, generators={"nearest-4": 1.0}))
        with self.assertRaisesRegex(ValueError, "nearest-4"):
            PairMaker(faces(), opened, unknown)


class DecodersTest(unittest.TestCase):
    def test_every_decoder_returns_the_size_it_was_given(self):
        for spec in decoders.ZOO.values():
            net = decoders.Autoencoder(dataclasses.replace(spec, width=4))
            with torch.no_grad():
                self.assertEqual(net(torch.rand(1, 3, 32, 48)).shape, (1, 3, 32, 48), spec.name)

    def test_zeros_between_and_a_convolution_are_a_transposed_convolution(self):
        torch.manual_seed(0)
        for kernel in (3, 4):
            x, layer = torch.rand(1, 2, 5, 6), torch.nn.ConvTranspose2d(2, 3, kernel, 2, 1, output_padding=kernel % 2, bias=False)
            spread = decoders._Spread(kernel)(x)
            turned = layer.weight.flip(2, 3).transpose(0, 1)
            torch.testing.assert_close(torch.nn.functional.conv2d(spread, turned), layer(x), rtol=1e-4, atol=1e-5)

    def test_training_lowers_the_error_and_is_deterministic(self):
        data = faces()
        runs = [decoders.train_decoder(dataclasses.replace(decoders.ZOO["shuffle-4"], width=8), data, data.where("train", False), 25, 1) for _ in range(2)]
        self.assertEqual(runs[0][1], runs[1][1])
        _, longer = decoders.train_decoder(dataclasses.replace(decoders.ZOO["shuffle-4"], width=8), data, data.where("train", False), 100, 1)
        self.assertLess(longer, runs[0][1])


class Taef2Test(unittest.TestCase):
    def test_layers_are_named_as_its_files_name_them(self):
        self.assertLessEqual({"1.conv.0.weight", "2.weight", "11.pool.0.weight", "14.bias"}, set(taef2.encoder().state_dict()))
        self.assertLessEqual({"1.weight", "3.pool.3.weight", "7.weight", "12.weight", "17.weight", "18.conv.4.bias", "19.bias"}, set(taef2.decoder().state_dict()))

    def test_a_picture_comes_back_at_its_size(self):
        nets = taef2.encoder(8, 4), taef2.decoder(8, 4)
        self.assertEqual(taef2.resynthesise(nets, picture(1, 64), 0.1, np.random.default_rng(0)).shape, (64, 64, 3))


class TrainTest(unittest.TestCase):
    def test_the_rate_warms_up_stays_and_ends_near_nothing(self):
        config = dataclasses.replace(CONFIG, train=dataclasses.replace(CONFIG.train, steps=100, warmup_steps=10, cooldown_steps=20))
        rates = [learning_rate(config, step) for step in range(100)]
        self.assertLess(rates[0], rates[9])
        self.assertEqual(rates[10], rates[79])
        self.assertLess(rates[-1], 0.1 * rates[50])

    def test_a_resumed_run_ends_where_an_uninterrupted_one_does(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        data = faces()
        level = dataclasses.replace(CONFIG, train=dataclasses.replace(CONFIG.train, cooldown_steps=0))
        whole = torch.load(train(level, data, None, False, folder / "whole"))
        train(dataclasses.replace(level, train=dataclasses.replace(level.train, steps=2)), data, None, False, folder / "parts")
        parts = torch.load(train(level, data, None, True, folder / "parts"))
        self.assertEqual((parts["step"], whole["step"]), (4, 4))
        for name, value in whole["ema"].items():
            torch.testing.assert_close(parts["ema"][name], value)

    def test_the_last_layer_is_refitted_to_whole_faces_once_and_nothing_else_moves(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        data = faces()
        before = torch.load(train(CONFIG, data, None, False, folder))["ema"]
        config = dataclasses.replace(CONFIG, train=dataclasses.replace(CONFIG.train, refit_pairs=30))
        after = torch.load(train(config, data, None, True, folder))["ema"]
        moved_names = {name for name, value in after.items() if not torch.equal(value, before[name])}
        self.assertEqual(moved_names, {"classifier.weight", "classifier.bias"})
        again = torch.load(train(config, data, None, True, folder))["ema"]
        self.assertTrue(all(torch.equal(value, again[name]) for name, value in after.items()))

        def loss(weights):
            net = build(config.architecture)
            net.load_state_dict(weights)
            features, labels = drawn(net.eval(), PairMaker(data, None, config), config)
            logit = torch.from_numpy(features) @ weights["classifier.weight"][0] + weights["classifier.bias"]
            return float(torch.nn.functional.binary_cross_entropy_with_logits(logit, torch.from_numpy(labels)))

        self.assertLess(loss(after), loss(before))

    def test_the_logit_of_a_face_is_that_of_its_mean_features(self):
        net = build("resnet18", stage=1).eval()
        config = dataclasses.replace(CONFIG, size=64)
        features = face_features(net, config, picture(1), POINTS)
        expected = FaceScorer(net, config).logit(picture(1), POINTS)
        self.assertAlmostEqual(float(features @ net.classifier.weight.detach().numpy()[0] + float(net.classifier.bias)), expected, places=4)

    def test_a_run_of_another_day_is_gone_on_from_in_half_precision(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        run = train(CONFIG, faces(), None, False, folder / "runs").parent
        exact = start_weights(run)
        keep_start(run, folder / "starts" / f"{run.name}.pt")
        with mock.patch("texture.train.STARTS", folder / "starts"):
            (run / "checkpoint.pt").unlink()
            for name, value in start_weights(run).items():
                torch.testing.assert_close(value, exact[name], rtol=2e-3, atol=1e-3)
            with self.assertRaisesRegex(ValueError, "to go on from"):
                start_weights(run.with_name("nobody"))

    def test_an_exported_net_is_a_model_that_the_service_takes(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        config = read_config(TRAINING / "configs/texture/texture-all.toml")
        net = build("resnet18", stage=1)
        export.write_onnx(net, config.size, folder / "model.onnx")
        card = export.manifest(config, export.network_fields(net, config.size, 0.0, 0, folder / "model.onnx"), "texture", "1.0.0", 5)
        self.assertEqual((card["input"]["view"], card["input"]["patches"], "margin" in card["input"], "cam" in card["output"]), ("texture", patches.SCORED, False, False))
        self.assertEqual(len(card["training_data"]), len({*config.data.real_sources, *config.data.labelled_sources}) + 2)
        self.assertIn("taef2", card["training_data"][-2])

    def test_a_net_of_the_whole_head_is_exported_with_its_margin_and_heat_map(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        config = read_config(TRAINING / "configs/context/context-all.toml")
        net = build("resnet18", stage=1)
        export.write_onnx(net, config.size, folder / "model.onnx")
        card = export.manifest(config, export.network_fields(net, config.size, config.margin, 0, folder / "model.onnx"), "context", "1.0.0", 5)
        self.assertEqual((card["input"]["margin"], "view" in card["input"], card["output"]["cam"]), (1.4, False, "cam"))
        self.assertFalse(any("taef2" in terms for terms in card["training_data"]))


class ProtocolTest(unittest.TestCase):
    def test_unseen_sources_are_scored_whole_and_seen_ones_on_held_out_people(self):
        class Soft:
            def logit(self, image, landmarks):
                return -inner_sharpness(image, landmarks)

        scored = score(CONFIG, Soft(), faces(), None, ["clean", "half"], 3)
        mine = [f for f in scored if f.row == "mine" and f.condition == "clean"]
        self.assertTrue(all(f.seen for f in mine))
        self.assertEqual(len(mine), 2)
        rows = table(scored, rounds=10)
        self.assertIn("| painted (made) | yes | half | 3 / 3 |", rows)

    def test_faces_of_a_clip_are_one_medium(self):
        face = ScoredFace("a", "", False, "clean", "x.mp4", "g", True, 1.0, (1.0, 2.0, 3.0))
        (one,) = pooled([face, dataclasses.replace(face, logit=3.0)])
        self.assertEqual(one.logit, 2.0)

    def test_integers_are_calibrated_and_measured_on_the_patches_that_the_service_scores(self):
        model = {"input": {"size": 64, "patches": 3, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}}
        given = faces()
        shown = quantise.views(model, given, 0)
        places = patches.scored_places(given.landmarks(0), SIDE, 64, 3)
        np.testing.assert_allclose(shown[1], (patches.cut(given.pixels(0), places[1], 64).transpose(2, 0, 1) / 255 - 0.5) / 0.25, atol=1e-5)
        inputs = calibration_inputs(given, lambda row: quantise.views(model, given, row), 5)
        self.assertEqual([x.shape for x in inputs], [(1, 3, 64, 64)] * 5)
        held = held_out(given, lambda row: quantise.views(model, given, row))
        self.assertEqual({(one.source, one.fake) for one in held}, {("mine", False), ("mine", True), ("gan", True), ("lfw", False)})

    def test_a_face_is_the_mean_of_its_patches(self):
        scorer = FaceScorer(build("resnet18", stage=1), dataclasses.replace(CONFIG, size=64))
        self.assertTrue(np.isfinite(scorer.logit(picture(1), POINTS)))


if __name__ == "__main__":
    unittest.main()
