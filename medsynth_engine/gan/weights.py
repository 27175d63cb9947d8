"""`generator.pth`: what is left when training is over. Tensors and plain values; read as if an enemy had written it."""

from __future__ import annotations

import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from medsynth_engine.gan.checkpoint import finite
from medsynth_engine.gan.conditions import Vocabulary
from medsynth_engine.gan.ground import sound
from medsynth_engine.gan.label import INFO, PRIVACY, is_promise
from medsynth_engine.gan.networks import Architecture, Generator
from medsynth_engine.kernel.atomic import write_with
from medsynth_engine.kernel.errors import BadInput, NotFound

FORMAT = "medsynth-generator"
VERSION = 1
MOST_BYTES = 2 * 1024**3
MOST_PARAMETERS = 200_000_000
LEAST_EPSILON = 1e-4
NUMBERS = ("blocks", "channels", "latent", "condition", "features")


@dataclass(frozen=True)
class Weights:
    """A generator that can draw.

    info  preset, kimg, fd_ratio_validation, training_digest, training_images, simulated (always False), augmentation,
          and privacy: a dictionary of PRIVACY, or None where it was trained without
    rows  the row model's JSON text, or None
    """

    generator: Generator
    vocabulary: Vocabulary
    info: dict[str, Any]
    rows: str | None


def document(generator: Generator, info: dict[str, Any], rows: str | None) -> dict[str, Any]:
    """What `save` writes: no path, no image, no discriminator, no optimiser."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "architecture": generator.architecture.document(),
        "conditions": generator.vocabulary.document(),
        "generator": {
            name: value.detach().cpu().contiguous().clone() for name, value in generator.state_dict().items()
        },
        **{name: info.get(name) for name in INFO},
        "simulated": False,
        **({} if info.get("privacy") is None else {"privacy": _promise(info["privacy"])}),
        **({} if rows is None else {"rows": rows}),
    }


def _promise(privacy: dict[str, Any]) -> dict[str, Any]:
    """A few steps at a large delta may cost an epsilon of 0; who promises a little more promises nothing wrong."""
    return {name: privacy[name] for name in PRIVACY} | {"epsilon": max(LEAST_EPSILON, privacy["epsilon"])}


def save(path: Path, content: dict[str, Any]) -> str:
    """Write a `document` in the place of `path`; returns the file's SHA-256. Raises NoRoom where the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return write_with(path, lambda stream: torch.save(content, stream))


def load(path: Path) -> Weights:
    """Read and check a weights file; nothing in it is run.

    Raises NotFound where there is none; BadInput where it is no weights file of this format, is simulated, is not
    whole, holds anything but tensors and plain values, says of itself what cannot be (label.py), or its tensors do
    not fit the architecture it declares.
    """
    content = _read(path)
    if content.get("format") != FORMAT:
        raise BadInput("not_weights", "This file holds no MedSynth generator.", "Choose a generator_*.pth of MedSynth.")
    if content.get("version") != VERSION:
        raise BadInput("weights_version", "These weights were written by another version.", "Update MedSynth.")
    if content.get("simulated") is not False:
        raise BadInput("simulated_weights", "These weights are simulated: they cannot draw.", "Train for real.")
    architecture = _architecture(content.get("architecture"))
    tensors, conditions = content.get("generator"), content.get("conditions")
    if not isinstance(tensors, dict) or not isinstance(conditions, dict):
        raise _damaged("a part is missing")
    vocabulary = Vocabulary.from_document(conditions)
    if len(vocabulary.names) > 64 or sum(len(item.values) for item in vocabulary.categorical) > 10_000:
        raise _damaged("too many conditions")
    generator = Generator(architecture, vocabulary)
    expected = generator.state_dict()
    if set(tensors) != set(expected):
        raise _damaged("the tensors are not those of the architecture")
    for name, tensor in tensors.items():
        if (
            not isinstance(tensor, torch.Tensor)
            or tensor.shape != expected[name].shape
            or tensor.dtype != torch.float32
        ):
            raise _damaged("a tensor does not fit the architecture")
    if not finite(tensors):
        raise _damaged("a tensor holds numbers that are not finite")
    generator.load_state_dict(tensors)
    rows = content.get("rows")
    if rows is not None and not isinstance(rows, str):
        raise _damaged("the row model is not text")
    info = {name: content.get(name) for name in INFO}
    if not all(holds(info[name]) for name, holds in INFO.items()):
        raise _damaged("a value is out of bounds")
    privacy = content.get("privacy")
    if privacy is not None and not is_promise(privacy):
        raise _damaged("what it says of differential privacy is no promise")
    info["privacy"] = privacy
    return Weights(generator.eval().requires_grad_(False), vocabulary, info, rows)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise NotFound("no_weights", "There is no such weights file.", "`medsynth weights list` shows what there is.")
    if path.stat().st_size > MOST_BYTES:
        raise _damaged("larger than 2 GB")
    try:
        with zipfile.ZipFile(path) as archive:
            # torch stores its entries as they are: anything packed is not from here, and may be a bomb
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise _damaged("it is compressed")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (
        *(pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError),
        *(IndexError, AssertionError, OSError, zipfile.BadZipFile, RecursionError, OverflowError),
    ) as error:
        raise _damaged("it cannot be read as tensors and plain values") from error
    if not isinstance(content, dict):
        raise _damaged("it is not a dictionary")
    return content


def _architecture(declared: Any) -> Architecture:
    if not isinstance(declared, dict):
        raise _damaged("no architecture")
    widths = declared.get("widths")
    numbers = [declared.get(name) for name in NUMBERS]
    if not isinstance(widths, list) or not 2 <= len(widths) <= 9:
        raise _damaged("no architecture")
    if not all(isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= 2048 for n in (*widths, *numbers)):
        raise _damaged("an architecture out of bounds")
    grain = declared.get("grain", False)  # weights of an earlier version say nothing of these
    spanned, grounds = declared.get("spanned", False), declared.get("grounds", [])
    if not isinstance(grain, bool) or not isinstance(spanned, bool) or not sound(grounds):
        raise _damaged("an architecture out of bounds")
    sizes = {name: declared[name] for name in NUMBERS}
    found = Architecture(tuple(widths), **sizes, grain=grain, spanned=spanned, grounds=tuple(grounds))
    size = sum(18 * found.blocks * width**2 for width in found.widths)
    if found.channels not in (1, 3) or found.blocks > 16 or size > MOST_PARAMETERS:
        raise _damaged("an architecture out of bounds")
    return found


def _damaged(why: str) -> BadInput:
    return BadInput("weights_damaged", f"The weights cannot be used: {why}.", "Export or copy them again.")
