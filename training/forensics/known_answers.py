"""Media with known answers, made of photos and films with faces, and what the product says of them.

    python3 -m forensics.known_answers make --photos DIR [--films DIR] --out cache/known
    (Deepfake.FrameService packs --list cache/known/list.csv --out cache/known/packs, Deepfake.ForensicsWorker signals … --calibration ../models/forensics.json)
    python3 -m forensics.known_answers report --rows cache/known/rows.jsonl

Photos are scaled to a third first: what earlier compressions left lies above the frequencies that remain, so they count as never compressed.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import subprocess

import numpy as np
from PIL import Image

from .measure import ROOT, replace

PAIRS = [(50, 75), (60, 80), (60, 90), (70, 85), (70, 90), (75, 85), (75, 90), (75, 95), (80, 90), (80, 95), (85, 90), (85, 95), (90, 95), (85, 75), (90, 75), (95, 80)]
SINGLE = (60, 75, 85, 90, 95)
NOISE = (4, 8)


def photo(path: str) -> Image.Image:
    image = Image.open(path).convert("RGB")
    return image.resize((image.width // 3, image.height // 3), Image.LANCZOS)


def noisy(image: Image.Image, box: tuple[int, int, int, int], deviation: float, seed: int) -> Image.Image:
    """The picture with noise inside an ellipse in a box."""
    pixels = np.asarray(image, float)
    y, x = np.mgrid[0 : image.height, 0 : image.width]
    left, top, right, bottom = box
    inside = ((x - (left + right) / 2) / ((right - left) / 2)) ** 2 + ((y - (top + bottom) / 2) / ((bottom - top) / 2)) ** 2 < 1
    noise = np.random.default_rng(seed).normal(0, deviation, pixels.shape[:2])[..., None]
    return Image.fromarray(np.clip(pixels + noise * inside[..., None], 0, 255).round().astype(np.uint8))


def make(photos: str, films: str | None, out: str, faces: dict[str, tuple[int, int, int, int]]) -> None:
    os.makedirs(out, exist_ok=True)
    names = []

    def target(name: str) -> str:
        names.append(name)
        return os.path.join(out, name)

    for number, path in enumerate(sorted(glob.glob(os.path.join(photos, "sample*.jpg")))):
        image = photo(path)
        for quality in SINGLE:
            image.save(target(f"single-{number}-{quality}.jpg"), quality=quality)
        for first, second in PAIRS:
            between = os.path.join(out, "between.jpg")
            image.save(between, quality=first)
            Image.open(between).save(target(f"double-{number}-{first}-{second}.jpg"), quality=second)
        box = faces.get(os.path.basename(path))
        for deviation in NOISE if box else ():
            noisy(image, box, deviation, number).save(target(f"noise-{number}-{deviation}.jpg"), quality=92)
    for number, path in enumerate(sorted(glob.glob(os.path.join(films, "*.mp4")))[:10] if films else []):
        # From 0.4 to 1.5 s once more at 2.6 s; encoded anew, so that no frame is the same.
        again = "[0:v]trim=0:2.6,setpts=PTS-STARTPTS[a];[0:v]trim=0.4:1.5,setpts=PTS-STARTPTS[b];[0:v]trim=2.6:4.0,setpts=PTS-STARTPTS[c];[a][b][c]concat=n=3:v=1[v]"
        for name, graph in ((f"repeat-{number}.mp4", again), (f"plain-{number}.mp4", "[0:v]null[v]")):
            subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", path, "-filter_complex", graph, "-map", "[v]", "-c:v", "libx264", "-crf", "23", target(name)], check=True)
    with open(os.path.join(out, "list.csv"), "w") as file:
        file.write("path\n" + "".join(name + "\n" for name in names))


def report(path: str) -> list[str]:
    rows: dict[tuple[str, str], dict] = {}
    with open(path) as file:
        for line in file:
            row = json.loads(line)
            rows[os.path.basename(row["path"]).rsplit(".", 1)[0], row["signal"]] = row

    def of(signal: str, kind: str) -> list[tuple[list[str], dict]]:
        return [(name.split("-"), row) for (name, s), row in rows.items() if s == signal and name.startswith(kind + "-") and row["applicable"]]

    lines = []
    for first, second in PAIRS:
        found = [(int(row["values"].get("first_quality", 0)), row["score"] >= 0.5) for parts, row in of("double_jpeg", "double") if parts[2:] == [str(first), str(second)]]
        told = [quality for quality, raised in found if raised]
        near = sum(abs(quality - first) <= 5 for quality in told)
        lines.append(f"| JPEG {first} → {second} | {len(told)} of {len(found)} | {near} of {len(told)} within 5: {', '.join(map(str, told))} |")
    for quality in SINGLE:
        each = [sum(row["score"] >= 0.5 for parts, row in of(signal, "single") if parts[2] == str(quality)) for signal in ("double_jpeg", "jpeg_ghost", "noise_residual")]
        count = len({parts[1] for parts, _ in of("double_jpeg", "single")})
        lines.append(f"| JPEG {quality}, once | {sum(each)} of {3 * count} | double_jpeg, jpeg_ghost, noise_residual |")
    for deviation in NOISE:
        found = [row for parts, row in of("noise_residual", "noise") if parts[2] == str(deviation)]
        told = [row for row in found if row["score"] >= 0.5]
        lines.append(f"| face with noise of {deviation} grey levels, JPEG 92 | {len(told)} of {len(found)} | {sum(bool(row['places']) for row in told)} point at the face |")
    for kind, words in (("repeat", "1.1 s of a film shown again, encoded anew"), ("plain", "the same films without")):
        found = of("motion_dynamics", kind)
        told = [row for _, row in found if row["values"].get("repeated_samples", 0) > 0]
        delays = ", ".join(f"{row['values']['repeat_delay']:.2f}" for row in told)
        if found:
            lines.append(f"| {words} | {len(told)} of {len(found)} | {'delay found (true: 2.20 s): ' + delays if kind == 'repeat' and told else ''} |")
    return ["| medium | raised | |", "|---|---|---|", *lines]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("make", "report"))
    parser.add_argument("--photos", help="folder of sample*.jpg (npm @vladmandic/face-api, demo)")
    parser.add_argument("--films", help="folder of *.mp4 of 4.5 s and more with a face")
    parser.add_argument("--out")
    parser.add_argument("--rows")
    parser.add_argument("--card", default=os.path.join(ROOT, "docs", "forensics.md"))
    options = parser.parse_args(arguments)
    if options.what == "make":
        make(options.photos, options.films, options.out, FACES)
        return
    lines = report(options.rows)
    replace(options.card, "known", "\n".join(lines))
    print("\n".join(lines))


# The largest face of each photo at a third of its size: left, top, right, bottom.
FACES = {
    "sample1.jpg": (139, 134, 203, 198),
    "sample2.jpg": (486, 64, 552, 129),
    "sample3.jpg": (353, 85, 435, 167),
    "sample4.jpg": (330, 74, 395, 139),
    "sample5.jpg": (118, 310, 197, 389),
    "sample6.jpg": (220, 126, 300, 206),
}


if __name__ == "__main__":
    main()
