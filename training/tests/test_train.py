import dataclasses
import tempfile
import unittest
from pathlib import Path

from detector.config import TRAINING, read_config
from detector.train import learning_rate


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
