#!/usr/bin/python3
"""Writes the small images of these tests with Pillow and ffmpeg, and prints the reference spectrum of AzimuthalSpectrumTests.

Needs python3-numpy, python3-pil, ffmpeg. Run: python3 make_samples.py
"""
import os
import subprocess

import numpy as np
from PIL import Image, PngImagePlugin

HERE = os.path.dirname(os.path.abspath(__file__))


def path(name):
    return os.path.join(HERE, name)


def picture(side=16):
    y, x, c = np.meshgrid(np.arange(side), np.arange(side), np.arange(3), indexing="ij")
    return Image.fromarray(((x * 9 + y * 5 + c * 40) & 255).astype(np.uint8))


def exif(make=None, model=None, software=None):
    block = Image.Exif()
    for tag, value in ((0x010F, make), (0x0110, model), (0x0131, software)):
        if value:
            block[tag] = value
    return block.tobytes()


def samples():
    image = picture()
    for quality in (5, 30, 50, 75, 90, 95):
        image.save(path(f"quality-{quality}.jpg"), quality=quality, subsampling=0 if quality > 90 else 2)
    image.save(path("progressive-80-422.jpg"), quality=80, progressive=True, subsampling=1)
    image.convert("L").save(path("grey-85.jpg"), quality=85)
    image.save(path("camera.jpg"), quality=92, exif=exif("Canon", "Canon EOS 5D"))
    image.save(path("editor.jpg"), quality=92, exif=exif("Canon", "Canon EOS 5D", "Adobe Photoshop 25.0 (Windows)"))
    image.save(path("camera.webp"), exif=exif("Google", "Pixel 8"))
    image.save(path("editor.tif"), tiffinfo={305: "GIMP 2.10.36"})
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "a portrait, steps: 20, sampler: Euler a")
    image.save(path("generator.png"), pnginfo=text)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "oil on canvas, preface")
    image.save(path("comment.png"), pnginfo=text)
    image.save(path("plain.png"))
    for scale in (2, 12):
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", path("plain.png"), "-q:v", str(scale), "-bitexact", path(f"ffmpeg-q{scale}.jpg")], check=True)


def reference_spectrum(side=32):
    y, x = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    luma = ((x * x * 3 + y * 7 + x * y) % 251).astype(np.float64)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(side) + 0.5) / side)
    power = np.abs(np.fft.fft2((luma - luma.mean()) * np.outer(window, window))) ** 2 / side ** 2
    f = np.fft.fftfreq(side, 1 / side)
    radius = np.round(np.hypot(*np.meshgrid(f, f, indexing="ij"))).astype(int)
    profile = [10 * np.log10(power[radius == r].mean() + 1e-6) for r in range(1, side // 2 + 1)]
    print([round(v, 4) for v in profile])


if __name__ == "__main__":
    samples()
    reference_spectrum()
