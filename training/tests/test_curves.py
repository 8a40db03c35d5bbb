import tempfile
import unittest
from pathlib import Path

from detector.curves import draw


class CurvesTest(unittest.TestCase):
    def test_a_log_becomes_a_picture(self):
        with tempfile.TemporaryDirectory() as folder:
            log, target = Path(folder) / "log.csv", Path(folder) / "curves.png"
            log.write_text("epoch,step,loss,self_blend_auc,stylegan_auc\n1,10,0.7,0.5,\n2,20,0.6,0.6,\n")
            draw(log, "trial", target)
            self.assertEqual(target.read_bytes()[:4], b"\x89PNG")


if __name__ == "__main__":
    unittest.main()
