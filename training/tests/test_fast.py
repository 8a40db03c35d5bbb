import hashlib
import json
import tempfile
import unittest
from pathlib import Path

from detector import fast
from detector.export import MODELS


class FastTest(unittest.TestCase):
    def test_the_profile_serves_the_int8_forms_with_fewer_patches(self):
        with tempfile.TemporaryDirectory() as folder:
            models = Path(folder)
            (models / "texture").mkdir()
            (models / "texture/model.int8.onnx").write_bytes(b"small")
            variant = {"precision": "int8", "file": "model.int8.onnx", "sha256": hashlib.sha256(b"small").hexdigest()}
            manifest = {"name": "texture", "version": "2.0.0", "file": "model.onnx", "sha256": "0" * 64, "input": {"size": 96, "patches": 6}, "variants": [variant]}
            (models / "texture/model.json").write_text(json.dumps(manifest))
            written = json.loads((fast.write(models, "texture", 2) / "model.json").read_text())
            self.assertEqual((models / "fast/texture/model.onnx").read_bytes(), b"small")
            self.assertEqual(written, {**{k: manifest[k] for k in ("name", "file")}, "version": "2.0.0-fast", "sha256": variant["sha256"], "input": {"size": 96, "patches": 2}})
            (models / "texture/model.json").write_text(json.dumps(manifest | {"variants": []}))
            with self.assertRaisesRegex(ValueError, "no INT8 form"):
                fast.write(models, "texture", 2)
            (models / "texture/model.json").write_text(json.dumps(manifest | {"input": {"size": 96}}))
            with self.assertRaisesRegex(ValueError, "does not see patches"):
                fast.write(models, "texture", 2)

    def test_what_ships_is_made_of_what_ships(self):
        folders = sorted(path.parent for path in (MODELS / "fast").glob("*/model.json"))
        self.assertTrue(folders)
        for folder in folders:
            manifest, whole = (json.loads((path / "model.json").read_text()) for path in (folder, MODELS / folder.name))
            self.assertEqual(manifest["version"], whole["version"] + "-fast")
            self.assertEqual(manifest["sha256"], next(one["sha256"] for one in whole["variants"] if one["precision"] == "int8"))
            self.assertEqual(hashlib.sha256((folder / manifest["file"]).read_bytes()).hexdigest(), manifest["sha256"])
        fitted = json.loads((MODELS / "fast/fusion.json").read_text())
        self.assertEqual(set(fitted["models"]), {folder.name for folder in folders})


if __name__ == "__main__":
    unittest.main()
