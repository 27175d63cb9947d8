"""Which column is what: mapped by a person, else guessed from names and, for the file, from values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from medsynth_engine.intake.options import FOLDER, SINGLE_ROLES, Options
from medsynth_engine.intake.tables import guesses, normalise
from medsynth_engine.intake.tables.identifying import NEARLY_UNIQUE
from medsynth_engine.intake.tables.naming import words_of
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain

NAMES: dict[str, tuple[str, ...]] = {
    "file": ("filename", "file", "filepath", "imagefilename", "imagefile", "imagepath", "image", "path", "imageid"),
    "patient": (
        "patientid",
        "patient",
        "subjectid",
        "subject",
        "patientnbr",
        "patientnumber",
        "patientno",
        "patnr",
        "pid",
        "personid",
        "participantid",
        "participant",
        "mrn",
        "medicalrecordnumber",
        "caseid",
        "patid",
        "patientenid",
        "patientennummer",
        "patientuid",
        "subjid",
        "usubjid",
        "idpatient",
        "idpaciente",
    ),
    "age": (
        "age",
        "patientage",
        "ageyears",
        "ageatdiagnosis",
        "ageinyears",
        "ageatinitialpathologic",
        "agegroup",
        "ageband",
        "alter",
        "edad",
        "idade",
        "leeftijd",
        "alterinjahren",
    ),
    "sex": ("sex", "gender", "patientsex", "patientgender", "sexatbirth", "geschlecht", "sexe", "sexo", "sesso", "kön"),
    "ethnicity": ("ethnicity", "race", "ethnicgroup", "raceethnicity", "ethnicorigin"),
    "finding": (
        "finding",
        "findings",
        "findinglabels",
        "diagnosis",
        "dx",
        "label",
        "labels",
        "class",
        "category",
        "pathology",
        "disease",
        "target",
        "diagnose",
        "befund",
        "diagnostic",
        "diagnostico",
        "diagnosi",
        "primarydiagnosis",
    ),
    "group": ("lesionid", "lesion", "studyid", "studyinstanceuid", "study", "seriesid", "groupid", "group"),
}
"""Names without case, blanks and marks; earlier ones win. `race` beside `ethnicity` stays a column of its own."""
MATCH_SHARE = 0.5
CLOSE = 0.05
NO_FILES = ("age", "sex", "ethnicity", "finding", "group")


@dataclass(frozen=True)
class Roles:
    """single: role -> column for the roles that exist once; conditions and dropped as named by the person.

    file_match   how the file column names files: `name`, `stem` or empty
    folder_finding  True where the folder's name is the finding
    guessed      role -> `mapped` by a person, or guessed by `name` or `values`
    """

    single: dict[str, str] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    folder_finding: bool = False
    guessed: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, str]:
        """The JSON's `columns`."""
        shown = {role: plain(column, 80) for role, column in self.single.items()}
        if self.folder_finding:
            shown["finding"] = FOLDER
        if self.conditions:
            shown["condition"] = ", ".join(plain(name, 80) for name in self.conditions)
        return shown


def plain_name(name: str) -> str:
    """A column's name for comparison: letters and digits only, lower case."""
    return re.sub(r"[\W_]", "", name.casefold())


def find_roles(frame: pd.DataFrame, options: Options, file_share: Callable[[Iterable[str]], float] | None) -> Roles:
    """Map and guess. `file_share` says which share of some values names files of the source; None for a table alone.

    Raises BadInput where a mapped column is not in the table.
    """
    mapped = _mapped(frame, options)
    taken = {column for columns in mapped.values() for column in columns}
    single = {role: columns[0] for role, columns in mapped.items() if role in SINGLE_ROLES}
    guessed = dict.fromkeys(single, "mapped")
    free = [column for column in frame.columns if column not in taken]
    if "file" not in single and file_share is not None:
        found = _file_column(frame, free, file_share)
        if found:
            single["file"] = found
            guessed["file"] = "name" if plain_name(found) in NAMES["file"] else "values"
            free.remove(found)
    for how, guess in (("name", _by_name), ("values", guesses.by_values)):
        for role in SINGLE_ROLES:
            if role in single or role == "file" or (role == "finding" and _folder_finding(options)):
                continue
            found = guess(frame, role, free)
            if found:
                single[role] = found
                guessed[role] = how
                free.remove(found)
    return Roles(
        single,
        mapped.get("condition", ()),
        mapped.get("column", ()),
        mapped.get("drop", ()),
        _folder_finding(options),
        guessed,
    )


def _folder_finding(options: Options) -> bool:
    return options.columns.get("finding") == (FOLDER,)


def _mapped(frame: pd.DataFrame, options: Options) -> dict[str, tuple[str, ...]]:
    by_name = {column.casefold(): column for column in frame.columns}
    mapped: dict[str, tuple[str, ...]] = {}
    for role, columns in options.columns.items():
        if role == "finding" and columns == (FOLDER,):
            continue
        for column in columns:
            if column.strip().casefold() not in by_name:
                raise BadInput(
                    "unknown_column",
                    f"The table has no column {plain(column, 60)!r} to serve as {role}.",
                    f"Its columns are: {', '.join(plain(name, 40) for name in list(frame.columns)[:40])}.",
                )
        mapped[role] = tuple(by_name[column.strip().casefold()] for column in columns)
    return mapped


def _file_column(frame: pd.DataFrame, free: list[str], file_share: Callable[[Iterable[str]], float]) -> str | None:
    """The column most of whose values name files: one that is called so, else one with a value for each row.

    Raises BadInput where several are as good and name different files.
    """
    scores: dict[str, float] = {}
    said = {column for column in free if plain_name(column) in NAMES["file"]}
    for column in free:
        if column not in said and not _may_be_file(column, frame[column]):
            continue
        values = frame[column]
        sample = [value for value in values.iloc[:: max(1, len(values) // 500)] if value]
        share = file_share(sample) if sample else 0.0
        if share == 0 and column in said and sample:
            share = file_share(value for value in values if value)
        if share > 0 and column in said:
            share = max(share, MATCH_SHARE + 0.01)
        if share > MATCH_SHARE:
            scores[column] = share
    if not scores:
        return None
    best = max(scores, key=lambda column: (column in said, scores[column]))
    rivals = [column for column in scores if column != best and scores[column] >= scores[best] - CLOSE]
    if best not in said and any(not _same_files(frame[best], frame[column]) for column in rivals):
        shown = ", ".join(plain(column, 40) for column in (best, *rivals))
        raise BadInput(
            "which_file_column",
            f"Several columns could name the files: {shown}.",
            "Say which one does: --columns file=COLUMN.",
        )
    return best


def _may_be_file(column: str, values: pd.Series) -> bool:
    """Whether a column that is not called so could name files: an age is no file, nor is what many rows share."""
    known = any(plain_name(column) in NAMES[role] for role in NO_FILES)
    if known or guesses.AGE_WORDS & set(words_of(column)):
        return False
    given = values[values.str.strip() != ""]
    return len(given) > 0 and given.nunique() >= NEARLY_UNIQUE * len(given)


def _same_files(one: pd.Series, other: pd.Series) -> bool:
    """Whether two columns name the same files, with folder and ending or without."""
    ours, theirs = (
        column.str.replace(r".*[\\/]|\.\w+$", "", regex=True).str.strip().str.casefold() for column in (one, other)
    )
    return bool((ours == theirs).all())


def _by_name(frame: pd.DataFrame, role: str, free: list[str]) -> str | None:
    by_name = {plain_name(column): column for column in reversed(free)}
    for name in NAMES[role]:
        column = by_name.get(name)
        if column is not None and _fits(frame[column], role):
            return column
    return None


def _fits(values: pd.Series, role: str) -> bool:
    """Whether what stands in the column can be what its name says."""
    words = [word for word in (normalise.clean(value) for value in values.unique()[:2000]) if word]
    if not words:
        return False
    if role == "age":
        paired = normalise.without_sex(words)
        words = [paired.get(word, word) for word in words]
        return sum(normalise.age_interval(word) is not None for word in words) >= 0.5 * len(words)
    if role == "sex":
        return len(words) <= 12 and any(normalise.sex_map(words).values())
    if role == "group":  # a lesion or a study is one of very many; `group` is often an arm of a trial
        return len(set(words)) >= 20 and values.nunique() >= (
            0.02 if plain_name(str(values.name)).endswith("id") else 0.2
        ) * len(values)
    if role in ("ethnicity", "finding"):
        return len(words) <= 200 and sum(map(len, words)) / len(words) <= 60
    return True


def where_mask(frame: pd.DataFrame, where: Mapping[str, tuple[str, ...]]) -> pd.Series:
    """True for rows that `--where` takes: equal without case and outer blanks. Raises BadInput for unknown columns."""
    mask = pd.Series(True, index=frame.index)
    by_name = {column.casefold(): column for column in frame.columns}
    for column, values in where.items():
        name = by_name.get(column.strip().casefold())
        if name is None:
            raise BadInput(
                "unknown_column",
                f"The table has no column {plain(column, 60)!r} to choose rows by.",
                f"Its columns are: {', '.join(plain(one, 40) for one in list(frame.columns)[:40])}.",
            )
        wanted = {value.strip().casefold() for value in values}
        mask &= frame[name].str.strip().str.casefold().isin(wanted)
    return mask
