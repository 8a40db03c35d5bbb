import unittest

import numpy as np
import torch

from detector.lookalike import look_alike
from detector.nets import Spectrum


class LookAlikeTest(unittest.TestCase):
    def test_a_draw_is_a_function_of_its_generator(self):
        crop = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
        first, second = (look_alike(crop, np.random.default_rng(5)) for _ in range(2))
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])

    def test_flat_areas_keep_their_colour(self):
        crop = np.full((64, 64, 3), (40, 120, 200), np.uint8)
        for seed in range(20):
            real, fake = look_alike(crop, np.random.default_rng(seed))
            self.assertEqual((real.shape, fake.dtype), (crop.shape, np.uint8))
            np.testing.assert_allclose(fake.reshape(-1, 3).mean(0), [40, 120, 200], atol=4)


class SpectrumTest(unittest.TestCase):
    def test_a_wave_shows_at_its_frequency(self):
        side, fx, fy = 64, 20, 8
        y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        wave = 0.5 + 0.2 * torch.cos(2 * torch.pi * (fx * x + fy * y) / side)
        spectrum = Spectrum(side)(wave[None, None].repeat(1, 3, 1, 1))[0, 0]
        at = int(spectrum.argmax())
        self.assertEqual((at // (side // 2) - side // 2, at % (side // 2)), (fy, fx))

    def test_it_is_the_transform_that_torch_knows(self):
        image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
        grey = image.mean(1, keepdim=True) * 255
        residual = grey - torch.nn.functional.avg_pool2d(grey, 3, 1, 1, count_include_pad=False)
        window = 0.5 - 0.5 * torch.cos(2 * torch.pi * (torch.arange(32) + 0.5) / 32)
        power = torch.fft.fftshift(torch.fft.fft2(residual * window[:, None] * window).abs() ** 2, dim=2)[..., :16]
        torch.testing.assert_close(Spectrum(32)(image), torch.log(1 + power / (32 * 32 * 0.14)) - 1, atol=1e-3, rtol=1e-3)


if __name__ == "__main__":
    unittest.main()
