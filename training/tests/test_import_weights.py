import tempfile
import unittest
from pathlib import Path

import torch
import torchvision
from torch import nn

from detector.import_weights import fill, read_tensors
from detector.nets import build


class ImportTest(unittest.TestCase):
    def agree(self, theirs: nn.Module, ours: nn.Module, size: int = 64, fake_index: int = 1) -> None:
        x = torch.rand(2, 3, size, size)
        with torch.no_grad():
            answer = theirs.eval()(x)
            logit = ours.eval()(x)[0][:, 0]
        torch.testing.assert_close(logit, answer[:, fake_index] - answer[:, 1 - fake_index], atol=1e-4, rtol=1e-4)

    def test_torchvision_checkpoints_fit_by_order(self):
        torch.manual_seed(1)
        for name, width in (("resnet50", "fc"), ("efficientnet_b0", "classifier"), ("mobilenet_v2", "classifier")):
            theirs = getattr(torchvision.models, name)(num_classes=2)
            ours = build(name)
            self.assertEqual(fill(ours, theirs.state_dict()), "order" if name != "mobilenet_v2" else "name")
            self.agree(theirs, ours)

    def test_transformers_fit_by_order_too(self):
        torch.manual_seed(2)
        theirs = torchvision.models.SwinTransformer([4, 4], 96, [2, 2, 2, 2], [3, 6, 12, 24], [7, 7], num_classes=2)
        ours = build("swin_small", depth=2)
        fill(ours, {name: value for name, value in theirs.state_dict().items() if value.is_floating_point()})
        self.agree(theirs, ours)

    def test_prefixes_wrappers_and_published_names_are_seen_through(self):
        torch.manual_seed(3)
        first, second = build("xception"), build("xception")
        state = {f"module.model.{name.replace('last_linear.', 'last_linear.1.')}": value for name, value in first.state_dict().items()}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.pth"
            torch.save({"state_dict": state, "epoch": 3}, path)
            self.assertEqual(fill(second, read_tensors(path)), "name")
        x = torch.rand(1, 3, 64, 64)
        with torch.no_grad():
            torch.testing.assert_close(second.eval()(x)[0], first.eval()(x)[0])

    def test_the_other_class_may_be_the_fake(self):
        theirs, ours = torchvision.models.resnet50(num_classes=2), build("resnet50")
        fill(ours, theirs.state_dict(), fake_index=0)
        self.agree(theirs, ours, fake_index=0)

    def test_what_does_not_fit_is_refused_and_nothing_is_filled(self):
        ours = build("resnet50")
        before = ours.state_dict()["trunk.0.weight"].clone()
        with self.assertRaisesRegex(ValueError, "tensors below its head"):
            fill(ours, torchvision.models.resnet18(num_classes=2).state_dict())
        with self.assertRaisesRegex(ValueError, "no linear layer of one or two classes"):
            fill(ours, {**torchvision.models.resnet50(num_classes=2).state_dict(), "fc.weight": torch.zeros(2, 7)})
        with self.assertRaises(ValueError):
            fill(ours, torchvision.models.resnet50().state_dict())
        torch.testing.assert_close(ours.state_dict()["trunk.0.weight"], before)


if __name__ == "__main__":
    unittest.main()
