import tempfile
import unittest
from pathlib import Path

from detector.config import read_config
from detector.export import provenance

from .test_slices import CONFIG


class ProvenanceTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def config(self, text, name="tiny"):
        path = self.folder / f"{name}.toml"
        path.write_text(text)
        return read_config(path)

    def test_what_the_shipped_models_saw_needs_no_words(self):
        self.assertEqual(provenance(self.config(CONFIG)), (
            "non-commercial research: trained on research-only face sets", ["OpenForensics-derived 256 px faces: research use"],
        ))
        text = CONFIG.replace('"compact_cnn"', '"inception_v3"\noptions = { start = "nsfwjs" }').replace("pair_sources = { openforensics", "pair_sources = { ffpp_c23")
        licence, data = provenance(self.config(text))
        self.assertEqual(licence, "non-commercial research: trained on FaceForensics++ and research-only face sets")
        self.assertEqual(data[-1], "start: InceptionV3 weights of npm nsfwjs 4.3.0 (MIT)")

    def test_another_source_is_refused_until_its_terms_and_those_of_the_weights_are_written(self):
        text = CONFIG.replace("openforensics", "mine")
        with self.assertRaisesRegex(ValueError, r'Write below \[data\]: terms = \{ mine = "…" \}'):
            provenance(self.config(text))
        text = text.replace("[train]", 'terms = { mine = "our actors, with their consent" }\n[train]')
        with self.assertRaisesRegex(ValueError, 'Write at the top: licence = "…"'):
            provenance(self.config(text))
        text = 'licence = "MIT"\n' + text
        self.assertEqual(provenance(self.config(text)), ("MIT", ["our actors, with their consent"]))

    def test_reals_lent_by_another_source_and_the_run_before_count_too(self):
        self.config(CONFIG.replace("openforensics", "stylegan").replace('"compact_cnn"', '"mobilenet_v2"\noptions = { start = "nsfwjs" }'), "first")
        _, data = provenance(self.config(CONFIG.replace("[train]", 'reals_of = { openforensics = "lfw" }\n[train]\ncontinues = "first"')))
        self.assertEqual(data, [
            "Labeled Faces in the Wild: research use", "OpenForensics-derived 256 px faces: research use", "FFHQ-like and StyleGAN portraits: research use",
            "start: MobileNetV2 weights of npm nsfwjs 4.3.0 (MIT)",
        ])

    def test_words_on_the_card_do_not_make_another_experiment(self):
        said = 'licence = "MIT"\n' + CONFIG.replace("[train]", 'terms = { mine = "ours" }\n[train]')
        self.assertEqual(self.config(said).digest, self.config(CONFIG).digest)
        self.assertNotEqual(self.config("length = 4\n" + CONFIG).digest, self.config(CONFIG).digest)
        with self.assertRaisesRegex(ValueError, "length"):
            self.config("length = 1\n" + CONFIG)


if __name__ == "__main__":
    unittest.main()
