"""Exact neighbours of two sets of sentences, both ways: xstilts_lib.mining beside faiss's IndexFlatIP.

    python benchmarks/mining.py --quick      20,000 x 20,000 sentences, about half a minute
    python benchmarks/mining.py              100,000 x 100,000 sentences of 768 dimensions, some minutes

Both sides search the same vectors with the same number of threads, each in its own process, one after the
other, so that the peak of memory above the vectors is each one's own. The vectors share a mean, as those of
an encoder do, and half of them have a translation on the other side. faiss is no dependency of the book: `pip
install faiss-cpu` beside it. The last line is `ratio: X`, their time over ours.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from beside.record import record

NEIGHBOURS = 4
NO_FAISS = "faiss is not installed: `pip install faiss-cpu` in this environment, or put it on PYTHONPATH."


def vectors(sentences: int, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sets (n, d) of unit vectors, float32, the same ones for the same sizes."""
    random = np.random.default_rng(0)
    shared = random.standard_normal(dimensions, dtype=np.float32)
    x, y = (random.standard_normal((sentences, dimensions), dtype=np.float32) for _ in range(2))
    half = sentences // 2
    y[:half] *= 0.5
    y[:half] += x[:half]
    for side in (x, y):
        side += shared
        side /= np.sqrt(np.einsum("nd,nd->n", side, side))[:, None]
    return x, y


def ours(x: np.ndarray, y: np.ndarray, threads: int) -> list[tuple[np.ndarray, np.ndarray]]:
    import torch

    from xstilts_lib.mining import nearest

    torch.set_num_threads(threads)
    return [(found.values, found.indices) for found in nearest(x, y, NEIGHBOURS, device="cpu")]


def theirs(x: np.ndarray, y: np.ndarray, threads: int) -> list[tuple[np.ndarray, np.ndarray]]:
    import faiss

    faiss.omp_set_num_threads(threads)
    found = []
    for queries, database in ((x, y), (y, x)):
        index = faiss.IndexFlatIP(database.shape[1])
        index.add(database)
        found.append(index.search(queries, NEIGHBOURS))
    return found


def one_side(side: str, sentences: int, dimensions: int, threads: int, output: Path) -> None:
    """Searches, and leaves neighbours, seconds and the peak of memory above the vectors at `output`."""
    search = {"ours": ours, "theirs": theirs}[side]
    search(*vectors(256, dimensions), threads)  # imports, and the first call of every kernel
    x, y = vectors(sentences, dimensions)
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = memory("VmRSS")
    start, worked = time.perf_counter(), time.process_time()
    (ahead, forward), (back, backward) = search(x, y, threads)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    peak = memory("VmHWM") - before
    found = {"ahead": ahead, "forward": forward, "back": back, "backward": backward}
    np.savez(output, seconds=seconds, worked=worked, peak=peak, **found)


def memory(field: str) -> float:
    """GiB, from the kernel's account of this process."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 2**20


def agreement(left: dict, right: dict) -> float:
    """Share of neighbours that are the same, or whose products differ by no more than float32's rounding."""
    shares = []
    for values, names in (("ahead", "forward"), ("back", "backward")):
        same = left[names] == right[names]
        shares.append((same | (np.abs(left[values] - right[values]) < 1e-6)).mean())
    return float(np.mean(shares))


def measure(sentences: int, dimensions: int, threads: int, rounds: int) -> dict[str, dict]:
    """What each side left in its fastest round; the sides take turns."""
    sizes = {"--sentences": sentences, "--dimensions": dimensions, "--threads": threads}
    options = [str(part) for option in sizes.items() for part in option]
    best: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for side in ("ours", "theirs"):
                output = str(Path(folder) / f"{side}.npz")
                command = [sys.executable, __file__, "--side", side, "--output", output, *options]
                subprocess.run(command, check=True)
                with np.load(output) as arrays:
                    found = dict(arrays)
                if side not in best or found["seconds"] < best[side]["seconds"]:
                    best[side] = found
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20,000 sentences a side")
    parser.add_argument("--sentences", type=int, help="of each side")
    parser.add_argument("--dimensions", type=int, default=768)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=0, help="of both sides; the fastest counts")
    parser.add_argument("--record", action="store_true", help="for the book: book/records/mining.json")
    parser.add_argument("--side", choices=("ours", "theirs"), help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    sentences = args.sentences or (20_000 if args.quick else 100_000)
    if args.side:
        one_side(args.side, sentences, args.dimensions, args.threads, args.output)
        return
    try:
        import faiss
    except ImportError:
        sys.exit(NO_FAISS)
    size = f"{sentences:,} x {sentences:,} x {args.dimensions}"
    print(f"{size}, {args.threads} threads; faiss {faiss.__version__}", flush=True)
    best = measure(sentences, args.dimensions, args.threads, args.rounds or (2 if args.quick else 1))
    for side, found in best.items():
        names = {"seconds": "seconds", "worked": "CPU seconds", "peak": "GiB above the vectors"}
        row = {name: round(float(found[key]), 2) for key, name in names.items()}
        print(f"{side}: {json.dumps(row)}")
    print(f"same neighbours: {100 * agreement(best['ours'], best['theirs']):.4f} %")
    if args.record:
        names = {"ours": "ours", "theirs": f"faiss {faiss.__version__} IndexFlatIP"}
        rows = [
            {"side": names[side], "seconds": float(found["seconds"]), "processor": float(found["worked"]),
             "peak": 1024 * float(found["peak"])}
            for side, found in best.items()
        ]  # fmt: skip
        work = f"nearest neighbours, both ways: {sentences:,} sentences a side, {args.dimensions} dimensions"
        record("mining", rows, work=work, threads=args.threads)
    print(f"ratio: {best['theirs']['seconds'] / best['ours']['seconds']:.2f}")


if __name__ == "__main__":
    main()
