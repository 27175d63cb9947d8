"""The card that travels with a generator: what it draws, what it was judged by, what it must not be used for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from medsynth_engine.kernel.escape import plain


@dataclass(frozen=True)
class WeightsCard:
    """name, audience, at   of the release
    digest, evaluation_digest  SHA-256 of the .pth file, and of the evaluation it was judged by
    document             what the weights say of themselves (`weights show`)
    gauge                scenario -> reading of that evaluation
    marks                DEVELOPMENT, OVERRIDDEN: borne for ever
    """

    name: str
    audience: str
    at: datetime
    digest: str
    evaluation_digest: str
    release: str
    document: Mapping[str, Any]
    gauge: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    marks: tuple[str, ...] = ()

    def text(self) -> str:
        """Markdown. Conditions by name; no count of patients, no value that few have."""
        say = self.document
        reading = self.gauge.get("generator") or {}
        promise = say.get("privacy")
        lines = [
            f"# {''.join(f'[{mark}] ' for mark in self.marks)}Generator {plain(self.name, 100)}",
            "",
            f"Released {self.at:%Y-%m-%d %H:%M} UTC for the audience **{self.audience}**, as {self.release}.",
            "",
            "| | |",
            "|---|---|",
            f"| draws | images of {say.get('resolution')} px, {say.get('channels')} channel(s) |",
            f"| obeys | {', '.join(plain(str(one), 60) for one in say.get('conditions') or []) or 'nothing'} |",
            f"| preset, thousand images | {say.get('preset')}, {say.get('kimg')} |",
            f"| risk to who was trained on, by whoever holds this file | {_band(reading)} |",
            f"| differential privacy | {_promise(promise)} |",
            f"| SHA-256 of the file | {self.digest} |",
            f"| evaluation | {self.evaluation_digest or 'none'} |",
            "",
            "Load it with `medsynth weights import FILE`, or with `torch.load(FILE, weights_only=True)`.",
            "",
            "It learned from patients. What it draws must not be used for anybody's care, nor counted as patients;",
            "trying to find out who was trained on is forbidden by the agreement under which this was handed over.",
            "",
        ]
        return "\n".join(lines)


def _band(reading: Mapping[str, Any]) -> str:
    if not reading or reading.get("band") in (None, "grey"):
        return "not enough evidence"
    return f"{str(reading['band']).replace('_', ' ')} (at most {reading['reading']:.2f}, upper 95 % bound)"


def _promise(promise: Mapping[str, Any] | None) -> str:
    if not promise:
        return "none"
    return f"epsilon {promise['epsilon']:g} at delta {promise['delta']:g}, for each patient"
