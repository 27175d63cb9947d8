"""`python -m peers FILE`: one cell in this process. FILE holds the cell, where its peer lies, and where things go."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from medsynth_engine.gan.device import keep_freed_memory
from medsynth_engine.kernel.atomic import file_digest, read_json, write_json
from medsynth_engine.kernel.errors import MedSynthError
from peers import tracks
from peers.cell import Cell
from peers.data import prepare
from peers.peer import look_in
from peers.versions import load, machine, versions

FORMAT = 1


def measured(cell: Cell, work: Path) -> dict[str, Any]:
    """The result of a cell, in this process."""
    torch.set_num_threads(cell.threads)
    # what our trainer does for itself holds for everybody: a third of a peer's time was page faults (measured)
    keep_freed_memory()
    torch.set_flush_denormal(True)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    before = load()
    data = prepare(work, cell.dataset, cell.side)
    with tempfile.TemporaryDirectory(prefix="cell-", dir=work) as scratch:
        track = {"quality": tracks.quality, "throughput": tracks.throughput, "resume": tracks.resume}[cell.track]
        found = track(cell, data, work, Path(scratch))
    return {
        "format": FORMAT,
        "cell": asdict(cell),
        "data": {
            "training": len(data.training),
            "validation": len(data.validation),
            "holdout": len(data.holdout),
            "digest": file_digest(data.folder / "train.npz")[:16],
        },
        "machine": machine(torch.device(cell.device)),
        "versions": versions(),
        "load": [before, load()],
        **found,
    }


def main(file: Path) -> int:
    order = read_json(file)
    cell = Cell(**order["cell"])
    if order["peer_path"]:
        look_in(Path(order["peer_path"]))
    try:
        result = measured(cell, Path(order["work"]))
    except MedSynthError as error:
        print(error.message, error.hint, file=sys.stderr)
        return error.exit_code
    write_json(Path(order["results"]) / f"{cell.name}.json", result)
    print(json.dumps(result.get("quality") or result.get("resume") or result.get("images_per_second")))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
