import csv
import dataclasses
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from detector import config as configuration
from detector.config import TRAINING, read_config
from detector.curves import draw
from detector.data import CropSet
from detector.train import learning_rate, train

from .test_slices import CONFIG, crops


class ConfigTest(unittest.TestCase):
    def test_every_experiment_reads(self):
        for path in sorted((TRAINING / "configs").glob("*.toml")):
            config = read_config(path)
            self.assertEqual(config.name, path.stem)
            self.assertGreaterEqual(config.train.horizon_epochs, config.train.epochs)

    def test_an_unknown_field_is_refused(self):
        text = (TRAINING / "configs/swap-mobilenet-1.toml").read_text()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.toml"
            path.write_text(text.replace("[train]", "[train]\nlerning_rate = 1.0"))
            with self.assertRaisesRegex(ValueError, "lerning_rate"):
                read_config(path)


class LogTest(unittest.TestCase):
    def test_it_has_a_column_for_every_source_and_a_resumed_run_keeps_to_those_it_has(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.object(configuration, "TRAINING", folder))
        (folder / "tiny.toml").write_text(CONFIG.replace("openforensics", "mine").replace("\nepochs = 3", "\nepochs = 1"))
        config = read_config(folder / "tiny.toml")
        known = crops(media=4, per_medium=1)
        own = lambda row, source: dataclasses.replace(row, medium=dataclasses.replace(row.medium, source=source, path=f"{source}/{row.medium.path}", group=f"{source}{row.medium.group}"))
        mine = CropSet([own(row, "mine") for row in known.rows], [known.pixels(i) for i in range(len(known))])
        both = CropSet(mine.rows + [own(row, "yours") for row in known.rows], [mine.pixels(i) for i in range(len(mine))] * 2)
        log = train(config, mine, resume=False).with_name("log.csv")
        train(dataclasses.replace(config, train=dataclasses.replace(config.train, epochs=2)), both, resume=True)
        with log.open(newline="") as stream:
            rows = list(csv.DictReader(stream, restkey="too much"))
        self.assertEqual([list(row) for row in rows], [["epoch", "step", "seconds", "learning_rate", "loss", "mine_auc", "self_blend_auc"]] * 2)
        self.assertTrue(all(row["mine_auc"] for row in rows))
        draw(log, "tiny", folder / "curves.png")
        train(config, both, resume=False)
        self.assertIn("mine_auc,yours_auc,self_blend_auc", log.read_text().splitlines()[0])


class LearningRateTest(unittest.TestCase):
    def test_it_warms_up_falls_and_ends_near_nothing(self):
        config = read_config(TRAINING / "configs/swap-mobilenet-1.toml")
        rates = [learning_rate(config, step) for step in range(config.train.epochs * config.train.steps_per_epoch)]
        top = rates.index(max(rates))
        self.assertAlmostEqual(max(rates), config.train.learning_rate, delta=1e-6)
        self.assertTrue(config.train.warmup_steps - 2 <= top <= config.train.warmup_steps)
        self.assertEqual(rates[top:], sorted(rates[top:], reverse=True))
        self.assertLess(rates[-1], 0.01 * max(rates))

    def test_the_cooldown_changes_nothing_before_it(self):
        config = read_config(TRAINING / "configs/swap-mobilenet-1.toml")
        longer = dataclasses.replace(config, train=dataclasses.replace(config.train, epochs=8, cooldown_steps=0))
        last = config.train.epochs * config.train.steps_per_epoch - config.train.cooldown_steps
        self.assertEqual([learning_rate(config, s) for s in range(last)], [learning_rate(longer, s) for s in range(last)])


if __name__ == "__main__":
    unittest.main()
