"""Recognises columns that could name a person, by the shape of their values and with what their names say.

Kinds follow the eighteen identifiers of HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i). Deny by default: a column that is
neither a role nor a typed value of few levels is dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from medsynth_engine.intake.tables import shapes
from medsynth_engine.intake.tables.naming import kind_by_name, words_of
from medsynth_engine.intake.tables.surnames import is_surname
from medsynth_engine.intake.tables.words import FALSE_WORDS, TRUE_WORDS, listed

SURE_BY_NAME = listed(
    "phone_numbers fax_numbers email_addresses social_security_numbers record_numbers account_numbers biometrics"
)
SURE_WORDS = listed(
    "zip zipcode postcode postal postleitzahl plz address adresse anschrift street latitude longitude geocode "
    "dob yob birthdate birthday birthyear geburtsdatum geburtsjahr geburtstag surname firstname lastname "
    "forename nachname vorname"
)
YES_OR_NO = listed("0.0 1.0") | TRUE_WORDS | FALSE_WORDS

SHAPE_SHARE = 0.5
ANY_SHARE = 0.02
"""One e-mail address or person number in fifty values already makes the column one that names people."""
STRICT = {"email_addresses", "social_security_numbers", "phone_numbers"}
FEW_LEVELS = 50
LONG_TEXT = 30
NEARLY_UNIQUE = 0.9
LONG_NUMBER = 7
"""Digits that count. No measurement has so many in most of its whole numbers; record and telephone numbers do."""
DENSE = 2
"""Numbers of patients fill their range so far that it is at most twice as long as they are many."""
FIRST_YEAR = 1900
FEW_YEARS = 10
LONG_SPAN = 1000
FEW_DAYS = 5
FIRST_SERIAL, LAST_SERIAL = 20_000, 50_000
NEARLY_ALL = 0.95
ENOUGH = 0.9
COORDINATES = listed("coord coords x y east north easting northing geo point")
MEASURES = listed(
    "count counts amount volume vol weight mass size area length width height depth diameter distance pixels "
    "voxels bytes rows columns dose dosage level levels score rate ratio percent percentage fraction sum total "
    "mean median max min std variance intensity density pressure flow time duration seconds minutes hours days "
    "weeks months years age offset slice frames bits platelets plt leukocytes leukocyte wbc rbc neutrophils neutrophil "
    "lymphocytes lymphocyte hemoglobin ferritin troponin bnp ntprobnp probnp ck cpk ldh alt ast ggt psa crp glucose "
    "cholesterol creatinine creatine insulin dimer ddimer cortisol testosterone estradiol vitamin folate b12 tsh "
    "energy power cost costs price charge charges income steps signal expression reads copies titer titre units "
    "anzahl menge volumen gewicht größe fläche länge breite höhe dauer zeit tage monate wert summe kosten thrombozyten "
    "leukozyten nombre poids taille durée valeur peso altura tiempo"
)
"""Words of a column's name under which long numbers are amounts."""
MEASURE_ENDINGS = (
    "kinase",
    "amylase",
    "lipase",
    "transferase",
    "phosphatase",
    "dehydrogenase",
    "emia",
    "aemia",
    "cytes",
    "zyten",
    "globin",
    "count",
    "volume",
    "pixels",
)
CODE_WORDS = listed(
    "id code type class grade stage group cluster category race ethnicity site location side laterality position "
    "diag diagnosis icd icd10 icd9 histology histological cpt snomed loinc mesh procedure"
)
"""Numbers and codes under such a name are names of levels, not amounts and not people."""


@dataclass(frozen=True)
class Values:
    """The distinct, non-missing values of a column, cleaned, how many cells hold one, and how many values only one
    patient has."""

    words: tuple[str, ...]
    cells: int
    of_one: int = 0

    @property
    def unique_share(self) -> float:
        return len(self.words) / self.cells if self.cells else 0.0

    @property
    def mean_length(self) -> float:
        return sum(map(len, self.words)) / len(self.words) if self.words else 0.0


@dataclass(frozen=True)
class Verdict:
    """Why a column is dropped: its kind of identifier and a sentence. by_name: its values alone would not say so."""

    kind: str
    why: str
    by_name: bool = False
    mappable: bool = False
    """Whether it stays where a person maps it, however many values it has."""


def judge(name: str, values: Values, numbers: Collection[float] | None = None) -> Verdict | None:
    """None where a column may stay. `numbers`: what its values are where they are (nearly all) numbers."""
    named, numeric = kind_by_name(name), numbers is not None
    if all(word.casefold() in YES_OR_NO for word in values.words):
        return None  # whatever it is called, a yes or no names nobody
    if named in SURE_BY_NAME or SURE_WORDS & set(words_of(name)):
        return Verdict(named or "geography", "Its name says that it identifies people.")
    shape = _kind_by_shape(values.words)
    if shape:
        return Verdict(shape, "Its values have the shape of such identifiers.")
    by_values = _text_verdict(name, values) if numbers is None else _number_verdict(name, values, sorted(numbers))
    if by_values is not None:
        told_by_name = named not in ("", "free_text", "other_identifiers") and by_values.kind == "other_identifiers"
        return Verdict(named, by_values.why) if told_by_name else by_values
    few = len(values.words) <= FEW_LEVELS and values.unique_share < 0.5
    harmless = (numeric and (few or named == "names") and named != "dates") or not named
    if named in ("other_identifiers", "device_identifiers"):
        return None if few else Verdict(named, "It holds numbers or codes of single people or stays.", True)
    if named == "free_text":
        return None if numeric else Verdict("free_text", "It holds text that somebody wrote.", True)
    return None if harmless else Verdict(named, f"Its name says that it holds {named.replace('_', ' ')}.", True)


def _number_verdict(name: str, values: Values, numbers: list[float]) -> Verdict | None:
    words = set(words_of(name))
    if not all(number.is_integer() for number in numbers):
        return _coordinates(words, values, numbers)
    long = sum(len(str(abs(int(number))).rstrip("0")) >= LONG_NUMBER for number in numbers)
    if long > SHAPE_SHARE * len(numbers):
        return Verdict("other_identifiers", "Its numbers are as long as those of records or telephones.")
    if len(numbers) > FEW_YEARS and numbers[0] >= FIRST_YEAR and numbers[-1] <= datetime.now(UTC).year:
        return Verdict("dates", "Its numbers look like years, which may be those of birth.", True)
    measured = bool(MEASURES & words) or any(word.endswith(MEASURE_ENDINGS) for word in words)
    if not measured and _are_days(numbers):
        return Verdict("dates", "Its numbers look like dates of six digits, or like the days of a spreadsheet.")
    if not measured and len(numbers) > 2 and sum(10_000 <= one < 100_000 for one in numbers) >= ENOUGH * len(numbers):
        return Verdict("geography", "Its numbers have five digits, as postcodes have.", True, True)
    if len(numbers) <= 20:
        return None
    whole, span = len(numbers) == len(values.words), numbers[-1] - numbers[0]
    if whole and values.unique_share == 1 and span == len(numbers) - 1:
        return Verdict("other_identifiers", "It numbers the rows.")
    if whole and values.of_one > NEARLY_UNIQUE * len(numbers) and span < DENSE * len(numbers):
        return Verdict("other_identifiers", "It numbers the patients.")
    if not measured and span > LONG_SPAN and values.of_one >= NEARLY_UNIQUE * len(numbers):
        return Verdict("other_identifiers", "Nearly every patient has a number of their own.", True, True)
    if values.unique_share > NEARLY_UNIQUE and max(numbers) >= 10 ** (LONG_NUMBER - 1):
        return Verdict("other_identifiers", "Nearly every row has a long number of its own.")
    return None


def _coordinates(words: set[str], values: Values, numbers: list[float]) -> Verdict | None:
    """Degrees on the globe; pixels and shares of a picture have fewer decimals or a smaller range."""
    if not COORDINATES & words or max(map(abs, numbers)) > 180 or max(map(abs, numbers)) < 5:
        return None
    fine = sum(len(word.partition(".")[2]) >= 3 for word in values.words)
    exact = fine > SHAPE_SHARE * len(values.words)
    return Verdict("geography", "Its numbers look like places on the globe.") if exact else None


def _are_days(numbers: list[float]) -> bool:
    """Whether nearly all are days as `200779` (day, month, year in any order), or between 1954 and 2036 as a
    spreadsheet counts them."""
    if len(numbers) <= FEW_DAYS:
        return False
    if all(FIRST_SERIAL <= number <= LAST_SERIAL for number in numbers):
        return True
    if not all(0 < number < 1_000_000 for number in numbers) or numbers[-1] < 10_000:
        return False
    parts = [(int(one) // 10_000, int(one) // 100 % 100, int(one) % 100) for one in numbers]
    orders = ((0, 1), (1, 0), (2, 1))  # where day and month stand
    return any(
        sum(1 <= part[day] <= 31 and 1 <= part[month] <= 12 for part in parts) >= NEARLY_ALL * len(parts)
        for day, month in orders
    )


def _text_verdict(name: str, values: Values) -> Verdict | None:
    sentences = sum(len(word.split()) > 6 for word in values.words)
    if sentences > 0.2 * len(values.words) and len(values.words) > 2:
        return Verdict("free_text", "It holds sentences.")
    if len(values.words) > FEW_LEVELS and values.mean_length > LONG_TEXT:
        return Verdict("free_text", f"It has more than {FEW_LEVELS} different long texts.")
    named = sum(map(_is_name, values.words))
    comma = sum(bool(shapes.COMMA_NAME.fullmatch(word)) for word in values.words)
    if named == len(values.words) or (max(named, comma) > SHAPE_SHARE * len(values.words) and len(values.words) > 2):
        return Verdict("names", "Its values look like names of people.")
    pairs = sum(bool(shapes.TWO_NAMES.fullmatch(word)) for word in values.words)
    if pairs > 0.8 * len(values.words) and len(values.words) > 20 and values.unique_share > 0.3:
        return Verdict("names", "Its values look like names of people.")
    if len(values.words) > 5 and values.unique_share > NEARLY_UNIQUE:
        return Verdict("other_identifiers", "Nearly every row has a value of its own.")
    if len(values.words) > 5 and values.of_one > NEARLY_UNIQUE * len(values.words):
        return Verdict("other_identifiers", "Nearly every patient has a value of their own.")
    coded = sum(map(shapes.is_code, values.words))
    if coded > SHAPE_SHARE * len(values.words) and not CODE_WORDS & set(words_of(name)):
        return Verdict("other_identifiers", "Its values are codes as people and their records have.", True)
    paths = sum(bool(shapes.PATH.fullmatch(word)) and " " not in word for word in values.words)
    if paths > SHAPE_SHARE * len(values.words) and len(values.words) > FEW_LEVELS:
        return Verdict("file_names", "Its values look like paths.")
    return None


def _is_name(word: str) -> bool:
    """A person, a given name or a surname, in capitals or not."""
    titled = word.title() if word.isalpha() else word
    return shapes.is_person(titled) or shapes.is_given_name(titled) or is_surname(titled)


def _kind_by_shape(words: tuple[str, ...]) -> str:
    """The kind that most values have the shape of; of what no measurement looks like, one in fifty is enough."""
    if not words:
        return ""
    sample = words[:: max(1, len(words) // 2000)]
    counts = Counter(kind for kind in map(shapes.kind_of, sample) if kind)
    for kind, count in counts.most_common():
        if count > (ANY_SHARE if kind in STRICT else SHAPE_SHARE) * len(sample):
            return kind
    return ""
