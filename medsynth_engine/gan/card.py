"""What a weights file says about itself, as the ledger and the lists show it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medsynth_engine.gan.weights import load
from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.errors import BadInput


def weights_document(path: Path) -> dict[str, Any]:
    """Resolution, conditions with their values, preset, what it was trained on. Raises BadInput for a bad file."""
    loaded = load(path)
    vocabulary = loaded.vocabulary.document()
    return {
        "resolution": loaded.generator.architecture.resolution,
        "channels": loaded.generator.architecture.channels,
        "conditions": list(loaded.vocabulary.names),
        "vocabulary": {item["name"]: item["values"] for item in vocabulary["categorical"]},
        "trained_on": loaded.info["training_images"],
        "preset": loaded.info["preset"],
        "kimg": loaded.info["kimg"],
        "fd_ratio_validation": loaded.info["fd_ratio_validation"],
        "training_digest": loaded.info["training_digest"],
        "rows": loaded.rows is not None,
        "privacy": loaded.info["privacy"],
    }


def made(path: Path) -> dict[str, Any] | None:
    """`digest` (SHA-256) and `document` of a generator that was just written, read back from its file: whoever finds
    the same file in its place knows it without torch. None for one that nobody could use."""
    digest = file_digest(path)
    try:
        return {"digest": digest, "document": weights_document(path)}
    except BadInput:
        return None
