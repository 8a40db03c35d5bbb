import tempfile
import unittest
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from torch import nn

from detector import pretrained
from detector.export import parity, write_onnx
from detector.nets import build, parameter_count
from detector.runtime import Session
from detector.score import normalised

PHOTO = Path(__file__).resolve().parents[2] / ".deps/npm/@vladmandic/face-api/demo/sample1.jpg"


class NetTest(unittest.TestCase):
    def test_the_activation_map_averages_to_the_logit(self):
        net = build("mobilenet_v2").eval()
        with torch.no_grad():
            logit, cam = net(torch.randn(2, 3, 96, 96))
        self.assertEqual((logit.shape, cam.shape), ((2, 1), (2, 3, 3)))
        torch.testing.assert_close(cam.mean((1, 2)), logit[:, 0], atol=1e-5, rtol=1e-4)

    @unittest.skipUnless(pretrained.RESNET18.exists(), "eng/fetch-resnet18 was not run")
    def test_resnet18_says_what_the_file_of_its_start_says(self):
        net = build("resnet18", start="imagenet").eval()
        image = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
        with torch.no_grad():
            ours = net.stages(net.stem(normalised(net, image[None]))).numpy()
        # Its output lies behind a fourth stage; ask for the third's.
        model = onnx.load(str(pretrained.RESNET18))
        del model.graph.output[:]
        model.graph.output.append(onnx.helper.make_tensor_value_info("ReLU347_Output_0", onnx.TensorProto.FLOAT, None))
        with tempfile.TemporaryDirectory() as folder:
            onnx.save(model, f"{folder}/cut.onnx")
            # Blue, green, red less the mean.
            given = image[..., ::-1].astype(np.float32) - np.float32([103.06, 115.90, 123.15])
            theirs = Session(Path(folder) / "cut.onnx").run(np.ascontiguousarray(given.transpose(2, 0, 1)[None]))
        np.testing.assert_allclose(ours, theirs["ReLU347_Output_0"], atol=2e-3)

    def test_resnet18_has_a_start_for_three_stages_only(self):
        with self.assertRaisesRegex(ValueError, "three stages"):
            build("resnet18", start="imagenet", stage=4)

    def test_an_unknown_name_is_refused(self):
        with self.assertRaisesRegex(ValueError, "unknown architecture"):
            build("resnet9000")

    def test_the_exported_net_says_the_same(self):
        torch.manual_seed(0)
        net = build("mobilenet_v2").eval()
        net.use_tensorflow_conventions()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            write_onnx(net, 64, path)
            self.assertLess(parity(net, path, 64), 1e-4)
            self.assertLess(path.stat().st_size, 10_000_000)


@unittest.skipUnless(pretrained.PACKAGE.exists(), "npm assets are not fetched")
class PretrainedTest(unittest.TestCase):
    def test_every_weight_of_the_trunk_is_filled(self):
        net = build("mobilenet_v2", start="nsfwjs")
        self.assertEqual(parameter_count(net.features), 2_223_872)
        weights = pretrained.read_weights(pretrained.PACKAGE / "dist/models/mobilenet_v2")
        kernel = weights["block_3_depthwise/depthwise_kernel"]
        self.assertEqual(kernel.shape, (3, 3, 144, 1))
        np.testing.assert_array_equal(net.features[4].conv[1][0].weight[:, 0].detach().numpy(), kernel[..., 0].transpose(2, 0, 1))

    @unittest.skipUnless(PHOTO.exists(), "npm assets are not fetched")
    def test_activations_of_a_photo_have_the_statistics_the_weights_were_trained_with(self):
        """Wrong padding, channel order, scale or layout breaks this: the running means then say nothing about a real picture."""
        net = build("mobilenet_v2", start="nsfwjs").eval()
        seen: dict[str, torch.Tensor] = {}
        for name, layer in net.features.named_modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.register_forward_pre_hook(lambda module, inputs, name=name: seen.__setitem__(name, inputs[0].mean((0, 2, 3))))
        photo = cv2.resize(cv2.imread(str(PHOTO))[..., ::-1], (224, 224), interpolation=cv2.INTER_AREA)
        with torch.no_grad():
            net(normalised(net, photo[None]))
        means = dict(net.features.named_buffers())
        agreement = [np.corrcoef(seen[name].numpy(), means[f"{name}.running_mean"].numpy())[0, 1] for name in seen]
        self.assertEqual(len(agreement), 52)
        self.assertGreater(float(np.median(agreement)), 0.93)  # 0.84 with inputs in [-1, 1]
