"""Pairs that take too long to make while training: real pictures beside their copies that went through an autoencoder's decoder."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Sequence

import numpy as np

TABLE, PIXELS = "bank.csv", "bank.bin"


@dataclass(frozen=True)
class BankEntry:
    """One pair: what made it, of which medium, and six points [x, y] in its pixels."""

    generator: str
    path: str
    source: str
    group: str
    split: str
    offset: int
    side: int
    landmarks: tuple[float, ...]


class Bank:
    """Pairs of several files, read when asked for."""

    def __init__(self, entries: Sequence[BankEntry], pixels: dict[int, np.ndarray], file_of: Sequence[int]) -> None:
        self.entries = list(entries)
        self._pixels, self._file_of = pixels, list(file_of)

    @staticmethod
    def open(folder: Path) -> "Bank":
        """All banks below a folder, one a generator."""
        entries: list[BankEntry] = []
        pixels, file_of = {}, []
        for number, table in enumerate(sorted(folder.glob(f"*/{TABLE}"))):
            with table.open(newline="") as stream:
                found = [_parse(row) for row in csv.DictReader(stream)]
            pixels[number] = np.memmap(table.with_name(PIXELS), np.uint8, "r")
            entries += found
            file_of += [number] * len(found)
        return Bank(entries, pixels, file_of)

    def pair(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A real and its copy, uint8 [S, S, 3], and six points [6, 2]."""
        entry = self.entries[index]
        size = entry.side * entry.side * 3
        both = np.array(self._pixels[self._file_of[index]][entry.offset : entry.offset + 2 * size]).reshape(2, entry.side, entry.side, 3)
        return both[0], both[1], np.array(entry.landmarks, np.float32).reshape(6, 2)


def write(folder: Path, pairs: Iterable[tuple[BankEntry, np.ndarray, np.ndarray]]) -> int:
    """Writes pairs as they come, and returns how many there were."""
    folder.mkdir(parents=True, exist_ok=True)
    offset = count = 0
    with (folder / PIXELS).open("wb") as pixels, (folder / TABLE).open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["generator", "path", "source", "group", "split", "offset", "side", *(f"l{i}{axis}" for i in range(6) for axis in "xy")])
        for entry, real, fake in pairs:
            table.writerow([entry.generator, entry.path, entry.source, entry.group, entry.split, offset, entry.side, *(f"{v:.2f}" for v in entry.landmarks)])
            stream.flush()
            for picture in (real, fake):
                pixels.write(np.ascontiguousarray(picture).tobytes())
                offset += picture.size
            pixels.flush()
            count += 1
    return count


def _parse(row: dict[str, str]) -> BankEntry:
    points = tuple(float(row[f"l{i}{axis}"]) for i in range(6) for axis in "xy")
    return BankEntry(row["generator"], row["path"], row["source"], row["group"], row["split"], int(row["offset"]), int(row["side"]), points)
