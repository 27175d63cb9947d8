"""The generator that a run leaves behind: its file among the weights, and its row in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from db.tables import Run, Weights
from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.folders import RunFolder


def weights_of(run: Run, document: dict[str, Any]) -> Weights:
    """The row of the generator that `run` made, which is called as the run is. document: as `generator_document`"""
    assert run.generator_digest is not None
    return Weights(
        name=run.name,
        owner_id=run.owner_id,
        digest=run.generator_digest,
        origin="run",
        run_id=run.id,
        dataset_id=run.dataset_id,
        document=document,
    )


def generator_document(folder: RunFolder, digest: str) -> dict[str, Any]:
    """What the run's generator (its file's SHA-256) says of itself: `gan.card.weights_document`.

    The training has written it down beside the digest of what it made. Where another file lies there, or an earlier
    version trained, the file is read and checked. Raises BadInput for a file that is no generator.
    """
    made = folder.state().get("made") or {}
    if made.get("digest") == digest:
        told: dict[str, Any] = made["document"]
        return told
    from medsynth_engine.gan.card import weights_document  # torch

    return weights_document(folder.generator)


def put_aside(path: Path, ours: set[str]) -> str:
    """Give a file that is none of `ours` (SHA-256) another name beside `path`, which no generator has; that name.

    Somebody put it there by hand while the run of that name trained: it is kept, and the run has its place. Nothing
    where there is no such file.
    """
    if not path.is_file():
        return ""
    digest = file_digest(path)
    if digest in ours:
        return ""
    aside = path.with_name(f"{path.name}.{digest[:8]}")
    path.replace(aside)
    return aside.name
