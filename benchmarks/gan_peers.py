"""Ours against the GANs that a hospital could run instead: one harness, one tensor, the same clock.

    python benchmarks/gan_peers.py --peers ours lightweight --datasets mednist --seconds 600 --seeds 0 1 2 \\
        --peer-path lightweight=PEERS/lightweight

A cell (track, data set, side, peer, size, seed, clock) ends as one file in results/gan_peers; what is there is skipped.
`--table` and `--plot FILE` show what is there, `--install-hint` says how to get the peers, `--gpu-plan` prints the
one command for a GPU. Tracks: `quality` after the same time, peers in their own size and narrowed to about ours;
`throughput`; `resume`, broken off half-way.

Fair to everybody:
* One uint8 tensor, one split by patient: 60 % to train on, 10 % to choose a generator by, 30 % that only the final
  measures see. 1 image is one real image consumed by a whole cycle of discriminator and generator, lazy penalties
  included.
* The clock is wall time, or processor time of all threads divided by the threads (`--clock processor`, fair on a shared
  machine); both are written down. Evaluations are not on a peer's clock. Ours is run by the public trainer in its own
  process and pays for start, rehearsal, evaluations and checkpoints from its clock.
* By processor time ours gets its length as images: the speed and the cost of start and evaluations come from a
  rehearsal just before (not on the clock), planned with 97 % of the budget; what still overruns is stopped through
  `control.json`. By wall time it gets its own `minutes` budget, which may be missed by a few seconds (written down).
* A generator is chosen by the Fréchet ratio on the validation fold for everybody: ours among its own evaluations (its
  average only), peers among six looks at both raw and averaged weights.
* Nobody flips or turns: lightweight-gan's flip is taken out, StyleGAN2-ADA's and R3GAN's augmentation is built without
  them, ours trains skin images under the `fundus` profile. Else each keeps its own augmentation and its strength:
  cutout and translation by its own rule (lightweight-gan), ADA (StyleGAN2-ADA), the rising schedule (R3GAN). Colour
  shifts and rotation, which ours does not have, are off. Throughput is measured without augmentation.
* Peers that take labels get ours as one vector (one axis a value, scaled numbers; zero where unknown): StyleGAN2-ADA
  and R3GAN. lightweight-gan takes none, so it cannot be asked for a class.
* R3GAN is RGB only: grey images are repeated and averaged. Its schedules run over the clock. lightweight-gan's average
  starts at step 20,000.
* Every cell has its own process with its threads fixed; measures are the product's own (evidence/, features/), at fixed
  counts (2,000 drawn, or as many as are held out) and seed 0, the same for everybody.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gan import SETS  # noqa: E402
from peers import cell as cells  # noqa: E402
from peers import report  # noqa: E402
from peers.cell import Cell  # noqa: E402
from peers.clock import KINDS  # noqa: E402
from peers.peer import INSTALL, NAMES, SIZES  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "gan_peers"
WORK = ROOT / "generated" / "gan_peers"
GPU_PLAN = """\
python benchmarks/gan_peers.py --device cuda --clock wall --tracks throughput quality resume --sides 64 128 \\
    --seconds 300 900 3600 --seeds 0 1 2 --datasets mri_lgg_a skin_ham10000 --sizes own matched \\
    --peers ours lightweight stylegan2-ada r3gan --peer-path lightweight=PEERS/lightweight \\
    --peer-path stylegan2-ada=PEERS/stylegan2-ada --peer-path r3gan=PEERS/r3gan
(throughput and resume take their first budget only; about {hours:.0f} hours; every finished cell is kept, so it may be
cut off and started again; then --table and --plot)"""


def wanted(asked: argparse.Namespace) -> Iterator[Cell]:
    """All cells that were asked for, short ones first. Ours has one size; speed and resume are asked once."""
    for seconds, track in itertools.product(sorted(asked.seconds), asked.tracks):
        first = seconds == min(asked.seconds)
        if track != "quality" and not first:
            continue
        for dataset, side, seed, peer, size in itertools.product(
            asked.datasets, asked.sides, asked.seeds, asked.peers, asked.sizes
        ):
            if peer == "ours" and size != "own":
                continue
            if track != "quality" and (seed != asked.seeds[0] or dataset != asked.datasets[0]):
                continue
            limit = min(seconds, 60.0) if track != "quality" else seconds
            place = (track, dataset, side, peer, size, seed, asked.clock, limit)
            yield Cell(*place, asked.threads, asked.device, asked.batch)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", nargs="+", choices=cells.TRACKS, default=["quality"])
    parser.add_argument("--datasets", nargs="+", choices=sorted(SETS), default=["mednist", "medmnist_pneumonia"])
    parser.add_argument("--sides", nargs="+", type=int, choices=(32, 64, 128), default=[32], help="pixels")
    parser.add_argument("--peers", nargs="+", choices=NAMES, default=["ours", "lightweight"])
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--seconds", nargs="+", type=float, default=[60.0], help="on the clock, for each cell")
    parser.add_argument("--clock", choices=KINDS, default="wall")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--batch", type=int, help="real images a cycle, instead of each peer's own choice")
    parser.add_argument("--peer-path", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--work", type=Path, default=WORK, help="packed data and the judges, kept between calls")
    parser.add_argument("--list", action="store_true", help="say which cells there are to do, and stop")
    parser.add_argument("--table", action="store_true", help="print what is done as markdown, and stop")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw what is done (SVG or PNG), and stop")
    parser.add_argument("--install-hint", action="store_true", help="say how to get the peers, and stop")
    parser.add_argument("--gpu-plan", action="store_true", help="print the one command for a GPU, and stop")
    return parser


def show(asked: argparse.Namespace) -> bool:
    """True where something was only asked to be shown."""
    if asked.install_hint:
        print(INSTALL)
    if asked.gpu_plan:
        # two sets, two sides, three seeds, ours once and three peers in two sizes
        print(GPU_PLAN.format(hours=2 * 2 * 3 * 7 * (300 + 900 + 3600) / 3600))
    if asked.table:
        print(report.table(report.results(asked.results)))
    if asked.plot:
        report.plot(report.results(asked.results), asked.plot)
    return bool(asked.install_hint or asked.gpu_plan or asked.table or asked.plot)


def main() -> int:
    parser = arguments()
    asked = parser.parse_args()
    if show(asked):
        return 0
    if asked.device == "cuda" and asked.clock == "processor":
        parser.error("what a GPU does is on no processor's clock: take --clock wall")
    places = dict(one.split("=", 1) for one in asked.peer_path)
    if unknown := set(places) - set(NAMES):
        parser.error(f"--peer-path NAME=FOLDER: there is no peer called {', '.join(sorted(unknown))}")
    todo = [cell for cell in wanted(asked) if not cells.done(cell, asked.results)]
    failed = []
    for number, cell in enumerate(todo, start=1):
        print(f"{number} of {len(todo)}: {cell.name}", flush=True)
        if asked.list:
            continue
        folder = Path(places[cell.peer]) if cell.peer in places else None
        if cells.run(cell, asked.results, asked.work, folder):
            failed.append(cell.name)
    for name in failed:
        print(f"not done: {name}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
