"""What a person may say about an intake, and the limits that protect the machine from what is brought in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from medsynth_engine.kernel import stack_choice
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain

ROLES = ("file", "patient", "age", "sex", "ethnicity", "finding", "group", "condition", "column", "drop")
"""What a column can be. `file` names the image; `group` is a lesion or a study; `condition` is an attribute that images
obey; `column` any other typed column; `drop` is left out."""

SINGLE_ROLES = ("file", "patient", "age", "sex", "ethnicity", "finding", "group")
CHARACTERISTICS = ("age", "sex", "ethnicity")
"""Patient characteristics of DICOM headers that may be named in `characteristics`."""

AXES = ("axial", "coronal", "sagittal")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "axis": AXES,
    "faces": ("review", "keep"),
    "dates": ("drop", "year", "shift"),
    "burned_in": ("quarantine", "mask"),
}
"""Options of a few words each; the first is the default."""
HEADER_COLUMNS = ("modality", "body_part", "view")
"""What `where` may ask of DICOM headers where no table has such a column."""

FOLDER = "folder:"
"""Mapped as `finding=folder:`, the name of the folder that holds a file is its finding. Never done unasked: folders
are often named after patients."""


@dataclass(frozen=True)
class Limits:
    """Checked before anything is decoded. Defaults of DESIGN; all are settings."""

    file_bytes: int = 512 * 2**20
    image_pixels: int = 80_000_000
    archive_members: int = 300_000
    archive_bytes: int = 50 * 2**30
    archive_ratio: int = 100
    table_rows: int = 5_000_000
    table_columns: int = 512
    cell_characters: int = 2**20
    seconds_per_file: float = 30.0
    worker_bytes: int = 3 * 2**30
    """Address space of one decoding process (enforced on Linux)."""


@dataclass(frozen=True)
class Reading:
    """How one file is decoded: the part of the options that a decoder sees. key: the store's, for what leaves keyed."""

    limits: Limits = field(default_factory=Limits)
    characteristics: tuple[str, ...] = ()
    slices: str = "all"
    axis: str = "axial"
    faces: str = "review"
    key: bytes = b""


@dataclass(frozen=True)
class Options:
    """How one source is taken in.

    name             of the dataset; only shown
    metadata         the table; where None, one that lies with the images is looked for
    columns          role -> columns of the table, in the table's own words; what is not mapped is guessed
    where            column -> values; only rows with one of them are taken, before anything is decoded
    characteristics  which patient characteristics of DICOM headers are kept: age, sex, ethnicity
    slices           which pictures of a stack (multi-frame file, volume, DICOM series); see `stack_choice`
    axis             along which a volume (NIfTI) is cut: axial, coronal or sagittal
    series           DICOM series to take, by the keyed ids that a scan lists; empty takes all
    faces            what to do with head slices that may show a face: a person reviews them, or keep
    dates            columns of dates are dropped, kept as years, or shifted by a keyed offset of the patient
    burned_in        what to do with images that carry text: mask or quarantine (used by the slow checks after intake)
    append           add to a dataset that is there
    """

    name: str = ""
    metadata: Path | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    characteristics: tuple[str, ...] = ()
    slices: str = "all"
    axis: str = "axial"
    series: tuple[str, ...] = ()
    faces: str = "review"
    dates: str = "drop"
    burned_in: str = "quarantine"
    append: bool = False
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        for role, columns in self.columns.items():
            if role not in ROLES:
                raise BadInput(
                    "unknown_role",
                    f"A column cannot have the role {plain(role, 40)!r}.",
                    f"Roles are {', '.join(ROLES)}, for instance --columns age=Age,sex=Gender.",
                )
            if role in SINGLE_ROLES and len(columns) != 1:
                raise BadInput("role_twice", f"Only one column can be the {role}.", "Map a single column to it.")
        unknown = [name for name in self.characteristics if name not in CHARACTERISTICS]
        if unknown:
            raise BadInput(
                "unknown_characteristic",
                f"{plain(unknown[0], 40)!r} is no characteristic that can be taken from a DICOM header.",
                f"Choose from {', '.join(CHARACTERISTICS)}.",
            )
        for option, words in CHOICES.items():
            if getattr(self, option) not in words:
                raise BadInput(
                    "unknown_choice",
                    f"{plain(str(getattr(self, option)), 40)!r} is no choice for --{option.replace('_', '-')}.",
                    f"Choose from {', '.join(words)}.",
                )
        object.__setattr__(self, "slices", stack_choice.checked(self.slices))

    def reading(self, key: bytes) -> Reading:
        """What a decoder has to know of these options."""
        return Reading(self.limits, self.characteristics, self.slices, self.axis, self.faces, key)

    @classmethod
    def of(
        cls,
        name: str = "",
        metadata: Path | None = None,
        columns: Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]] = (),
        where: Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]] = (),
        **other: Any,
    ) -> Options:
        """Options from what a command line or a form has: single words, lists or pairs."""
        return cls(name=name, metadata=metadata, columns=_gathered(columns), where=_gathered(where), **other)

    def document(self) -> dict[str, Any]:
        """Plain values for a job's folder; `from_document` reads them."""
        document = asdict(self)
        document["metadata"] = str(self.metadata) if self.metadata else None
        return document

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Options:
        known = {key: value for key, value in document.items() if key in cls.__dataclass_fields__}
        limits = Limits(**known.pop("limits", None) or {})
        metadata = known.pop("metadata", None)
        made = cls.of(
            name=known.pop("name", "") or "",
            metadata=Path(metadata) if metadata else None,
            columns=known.pop("columns", None) or {},
            where=known.pop("where", None) or {},
            characteristics=tuple(known.pop("characteristics", None) or ()),
            series=tuple(known.pop("series", None) or ()),
            **known,
        )
        return replace(made, limits=limits)


def _gathered(
    given: Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]],
) -> dict[str, tuple[str, ...]]:
    pairs: Iterable[tuple[str, str | Iterable[str]]] = given.items() if isinstance(given, Mapping) else given
    gathered: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        values = (value,) if isinstance(value, str) else tuple(value)
        gathered[key] = gathered.get(key, ()) + values
    return gathered
