"""Before anything is decoded: the source, its table, which row belongs to which file, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import pandas as pd

from medsynth_engine.intake.items import ArrayTable, Item, Source, TableFile
from medsynth_engine.intake.options import HEADER_COLUMNS, Options
from medsynth_engine.intake.sources import metadata_file, open_source
from medsynth_engine.intake.tables import headers
from medsynth_engine.intake.tables import roles as role_finding
from medsynth_engine.intake.tables.dates import Dates
from medsynth_engine.intake.tables.describe import Described, describe, row_identifiers
from medsynth_engine.intake.tables.matching import Match, Names, by_file, by_patient
from medsynth_engine.intake.tables.roles import Roles
from medsynth_engine.intake.tables.table import Table, read_table
from medsynth_engine.kernel.errors import BadInput

MOST_CANDIDATES = 8
PATIENT_SHARE = 0.5
WITHOUT_HEADERS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
"""Of such pictures only a table says whose they are and what they show."""
NO_TABLE = (
    "No table lies among the files; they are taken without one. A table that lies elsewhere is named with --metadata."
)


@dataclass
class Plan:
    """items: those to take. frame: the table's rows that count, all text, or None. header_match: rows can be tied to
    files only by the patient in the file's header."""

    source: Source
    options: Options
    items: list[Item]
    frame: pd.DataFrame | None = None
    roles: Roles = field(default_factory=Roles)
    match: Match = field(default_factory=Match)
    described: Described = field(default_factory=Described)
    table_columns: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    header_match: bool = False
    header_where: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What --where asks of DICOM headers, because no column of the table is called so."""

    @property
    def table_alone(self) -> bool:
        return self.source.kind == "table"


def make_plan(path: Path, options: Options, key: bytes) -> Plan:
    """key: the store's, for dates that are shifted. Raises BadInput where the input as a whole cannot be taken."""
    source = open_source(path, options)
    plan = Plan(source, options, list(source.items), warnings=list(source.warnings))
    names = Names(source.items)
    table = _table(source, options, names, plan)
    options = _without_headers(plan, options, table)
    if table is None:
        if options.where or any(role != "finding" for role in options.columns):
            raise BadInput("no_table", "Columns are named, but there is no table.", "Name it with --metadata.")
        plan.roles = role_finding.find_roles(pd.DataFrame(), options, None)
    else:
        _use(plan, table, options, names)
    if plan.roles.folder_finding:
        _folder_findings(plan)
    if plan.frame is not None:
        plan.described = describe(plan.frame, plan.roles, Dates.of(options.dates, key))
    if source.arrays is not None:
        del plan.described.removed["file_names"]  # the numbers of an array are no names
    plan.warnings += plan.described.warnings
    return plan


def _without_headers(plan: Plan, options: Options, table: Table | None) -> Options:
    """The options less what --where asks of headers; a column of the table comes first."""
    if plan.table_alone or plan.source.arrays is not None:
        return options
    columns = {column.casefold() for column in table.frame.columns} if table is not None else set()
    of_headers = [name for name in options.where if name in HEADER_COLUMNS and name not in columns]
    plan.header_where = {name: options.where[name] for name in of_headers}
    return replace(options, where={name: asked for name, asked in options.where.items() if name not in of_headers})


def _table(source: Source, options: Options, names: Names, plan: Plan) -> Table | None:
    """The named table, or the one of the source that names most of its files."""
    if source.arrays is not None:
        frame = _beside_images(source.arrays, plan)
        if options.metadata is not None:
            table = read_table(metadata_file(options.metadata), options.limits)
            if len(table.frame) != len(frame):
                raise BadInput(
                    "rows_differ",
                    "The table does not have as many rows as the NPZ has images.",
                    "Give one row an image, in the order of the images.",
                )
            return Table(pd.concat([frame, table.frame.drop(columns=frame.columns, errors="ignore")], axis=1))
        return Table(frame)
    if options.metadata is not None:
        return read_table(metadata_file(options.metadata), options.limits)
    if source.kind == "table":
        if len(source.tables) > 1:
            raise BadInput(
                "several_tables", "There are several tables and no images.", "Point at the one that is meant."
            )
        return read_table(source.tables[0], options.limits)
    return _found_table(source.tables, options, names, plan)


def _beside_images(arrays: ArrayTable, plan: Plan) -> pd.DataFrame:
    """What lies in an NPZ beside its images, as a table; what an array is called may name somebody too."""
    numbered = pd.DataFrame(dict(enumerate(arrays.columns.values())), dtype=str)
    names, hidden = headers.named(list(arrays.columns), numbered)
    ours = ("file", "finding")
    kept = [raw if raw in ours else name for raw, name in zip(arrays.columns, names, strict=True)]
    if hidden:
        plan.warnings.append(headers.HIDDEN.format(hidden))
    return numbered.set_axis(kept, axis=1)


def _found_table(tables: tuple[TableFile, ...], options: Options, names: Names, plan: Plan) -> Table | None:
    best: tuple[float, bool, int] | None = None
    chosen: Table | None = None
    for file in sorted(tables, key=lambda file: file.size)[-MOST_CANDIDATES:]:
        try:
            table = read_table(file, options.limits)
        except BadInput:
            plan.warnings.append("A table among the files cannot be read as one and was left out.")
            continue
        share = max(
            (
                names.share(value for value in table.frame[column].iloc[:1000] if value)
                for column in table.frame.columns
            ),
            default=0.0,
        )
        score = (share, "metadata" in file.name.lower(), -len(table.frame.columns))
        by_rows = share > 0 or _names_patients(table, plan)
        if by_rows and (best is None or score > best):
            best, chosen = score, table
    if chosen is not None and len(tables) == 1:
        plan.warnings.append("The table among the files was taken with them. Another one is named with --metadata.")
    if chosen is None and tables:
        plan.warnings.append("No table among the files names them; they are taken without a table.")
    elif not tables and any(item.name.lower().endswith(WITHOUT_HEADERS) for item in plan.items):
        plan.warnings.append(NO_TABLE)
    elif len(tables) > 1:
        plan.warnings.append(f"{len(tables)} tables lie among the files; the one that names most of them was taken.")
    return chosen


def _names_patients(table: Table, plan: Plan) -> bool:
    roles = role_finding.find_roles(table.frame, Options(), None)
    if "patient" not in roles.single:
        return False
    try:
        match = by_patient(table.frame[roles.single["patient"]], plan.items)
    except BadInput:  # its ids stand in the names, if in more than one way
        return True
    return len(match.row_of) >= PATIENT_SHARE * len(plan.items)


def _use(plan: Plan, table: Table, options: Options, names: Names) -> None:
    plan.warnings += table.warnings
    plan.table_columns = [column for column in table.frame.columns if plan.source.arrays is None or column != "file"]
    images = not plan.table_alone
    frame = table.frame
    plan.roles = role_finding.find_roles(frame, options, names.share if images else None)
    mask = role_finding.where_mask(frame, options.where)
    if not mask.any():
        raise BadInput("nothing_left", "No row of the table has what --where asks for.", "Check the values.")
    frame = frame[mask].reset_index(drop=True)
    plan.frame = frame
    if images:
        plan.match = _match(frame, plan, names)
        if options.where and not plan.header_match:
            kept = [item for item in plan.items if item.ordinal in plan.match.row_of]
            left = len(plan.items) - len(kept)
            plan.items = kept
            if left:
                plan.warnings.append(f"{left} files were left out, because --where does not choose their rows.")
        _say_match(plan)
    elif options.where:
        plan.warnings.append(f"{int((~mask).sum())} rows were left out by --where.")


def _match(frame: pd.DataFrame, plan: Plan, names: Names) -> Match:
    single = plan.roles.single
    if "file" in single:
        match = by_file(frame[single["file"]], names)
        if match.row_of:
            return match
    if "patient" in single:
        match = by_patient(frame[single["patient"]], plan.items)
        if match.row_of:
            return match
        plan.header_match = True  # DICOM headers may still name the patients
        return Match("header", unmatched=len(frame))
    raise BadInput(
        "no_file_matches",
        "No row of the table names one of the files.",
        "Check that a column holds the files' names, and map it: --columns file=COLUMN.",
    )


def _say_match(plan: Plan) -> None:
    match = plan.match
    if match.twice:
        plan.warnings.append(
            f"{match.twice} files are named by several rows: the first row counts, and the patients of all these rows "
            "stay together in one fold."
        )
    missing = sum(item.ordinal not in match.row_of for item in plan.items)
    if missing and match.by in ("file", "patient"):
        plan.warnings.append(f"{missing} files have no row in the table; they are taken without attributes.")
    if match.by == "patient":
        plan.warnings.append("The table has one row a patient; files were matched by the patient's id in their names.")


def _folder_findings(plan: Plan) -> None:
    """`finding=folder:`: each file's folder becomes its finding."""
    folders = [PurePosixPath(item.name).parent.name for item in plan.items]
    if plan.frame is None:
        plan.frame = pd.DataFrame({"finding": folders}, dtype=str)
        plan.match = Match("file", {item.ordinal: row for row, item in enumerate(plan.items)})
        plan.roles = Roles({"finding": "finding"}, folder_finding=True)
        return
    values = [""] * len(plan.frame)
    for item, folder in zip(plan.items, folders, strict=True):
        row = plan.match.row_of.get(item.ordinal)
        if row is not None:
            values[row] = folder
    plan.frame["folder of the file"] = values
    plan.roles = replace(plan.roles, single={**plan.roles.single, "finding": "folder of the file"})


def identifiers_of(plan: Plan) -> dict[int, tuple[bytes, ...]]:
    """Item -> what its name and its row say about the person; must occur in nothing that is written for it."""
    rows = row_identifiers(plan.frame, plan.described) if plan.frame is not None else []
    found = {}
    for item in plan.items:
        row = plan.match.row_of.get(item.ordinal)
        named = plan.source.arrays is None and len(item.stem) >= 4  # the numbers of an array are no names
        stem = (item.stem.encode("utf-8", "replace")[:64],) if named else ()
        found[item.ordinal] = (*(rows[row] if row is not None else ()), *stem)
    return found
