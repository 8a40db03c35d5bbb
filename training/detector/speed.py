"""Speed of the shipped nets: `python3 -m detector.speed` prints crops per second on one core, in the library that serves.

This is the bare loop of ONNX Runtime, without decoding, faces or queues: what a service can reach at most.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from .export import MODELS
from .runtime import Session


def crops_per_second(session: Session, size: int, batch: int = 8, seconds: float = 2.0) -> float:
    """Of one core, by the processor time of the best of several rounds: what others do on the machine meanwhile only ever slows one down."""
    x = np.random.default_rng(0).random((batch, 3, size, size), np.float32)
    session.run(x)
    best, started = 0.0, time.monotonic()
    while time.monotonic() - started < seconds:
        before = time.process_time()
        session.run(x)
        best = max(best, batch / (time.process_time() - before))
    return best


def main() -> None:
    total = 0.0
    print("| model | file | crops per second and core, batches of 1 | of 8 |")
    print("|---|---|---|---|")
    for path in sorted(MODELS.glob("*/model.json")):
        model = json.loads(path.read_text())
        for file in [model["file"], *(v["file"] for v in model.get("variants", []))]:
            session = Session(path.parent / file)
            one, eight = (crops_per_second(session, model["input"]["size"], batch) for batch in (1, 8))
            session.close()
            print(f"| {model['name']} | {file} | {one:.0f} | {eight:.0f} |")
            total += 1 / eight if file == model["file"] else 0.0
    print(f"| all of them, one after another | | | {1 / total:.0f} |")


if __name__ == "__main__":
    main()
