"""Croissant 1.1 (JSON-LD) with the responsible-AI terms that fit synthetic health data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from medsynth_engine.exchange.records import TYPED
from medsynth_engine.exchange.release import Release
from medsynth_engine.governance.rounded import DRAWN_TOGETHER, STAMP
from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.measures import spoken

TERMS = (
    "annotation arrayShape citeAs column containedIn equivalentProperty excludes extract field fileProperty fileObject "
    "fileSet format includes isArray isLiveDataset jsonPath key md5 parentField recordSet references regex readLines "
    "sdVersion separator source subField transform unArchive value"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "http://schema.org/",
    "sc": "http://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in TERMS.split()},
}
CONFORMS = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
IMAGES = {"png": "image/png", "dcm": "application/dicom"}


def croissant(
    folder: Path, table: pd.DataFrame, extension: str | None, release: Release, evaluation: Mapping[str, Any]
) -> dict[str, Any]:
    """The document for an export folder whose tables are written already.

    table       as it leaves (`records.leaving_table`); extension: of the images, None where there are none
    evaluation  as it leaves (`governance.rounded`)
    """
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS,
        "name": release.title,
        "description": f"{len(table)} synthetic records. {release.made_by} {release.learned_from} {STAMP}",
        "license": release.licence,
        "url": f"urn:sha256:{release.cohort_digest}",
        "version": "1.0.0",
        "creator": {"@type": "sc:Organization", "name": release.creator},
        "datePublished": release.at.date().isoformat(),
        "keywords": ["synthetic data", "health", *(["images"] if extension else []), *release.marks],
        "isLiveDataset": False,
        "prov:wasDerivedFrom": {"@id": "urn:medsynth:training-data", "description": release.learned_from},
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "description": release.made_by,
            "identifier": f"sha256:{release.generator_digest}" if release.generator_digest else "rows alone",
        },
        **_responsible(release, evaluation),
        "distribution": _distribution(folder, extension),
        "recordSet": [_record_set(table, extension)],
    }


def _responsible(release: Release, evaluation: Mapping[str, Any]) -> dict[str, Any]:
    worst = [
        f"{row['value']} ({table['attribute']}): {row['ratio']} times as common as in {table['reference']}"
        for table in evaluation.get("bias") or ()
        for row in table["rows"]
        if row.get("flag") in ("amber", "red")
    ]
    gauge = (evaluation.get("gauge") or {}).get("data") or {}
    return {
        "rai:dataCollection": "Nothing was collected: records were drawn from a model of real, de-identified data.",
        "rai:dataBiases": worst
        or ["No group outside 0.8 to 1.25 times its reference, as far as it could be measured."],
        "rai:dataLimitations": [
            STAMP,
            "Rare findings and small groups are the least faithful; see evidence.json.",
            *((DRAWN_TOGETHER, *release.merged) if release.merged else ()),
        ],
        "rai:personalSensitiveInformation": (
            "Health data of persons who do not exist. Privacy gauge, data alone: "
            f"{str(gauge.get('band', 'grey')).replace('_', ' ')}. {spoken(str(gauge.get('note') or ''))}".strip()
        ),
        "rai:dataUseCases": "Teaching, software testing, method development; not for clinical decisions.",
        "rai:dataSocialImpact": "Assessed in a privacy impact assessment"
        + (f" ({release.assessment})." if release.assessment else "."),
        "rai:dataReleaseMaintenancePlan": "Not updated. The assessment behind it expires after twelve months.",
    }


def _distribution(folder: Path, extension: str | None) -> list[dict[str, Any]]:
    files = [("metadata.csv", "text/csv"), (TYPED, "application/vnd.apache.parquet")]
    found: list[dict[str, Any]] = [
        {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "encodingFormat": encoding,
            "sha256": file_digest(folder / name),
        }
        for name, encoding in files
    ]
    if extension:
        found.append(
            {
                "@type": "cr:FileSet",
                "@id": "images",
                "name": "images",
                "encodingFormat": IMAGES[extension],
                "includes": f"images/*.{extension}",
            }
        )
    return found


def _record_set(table: pd.DataFrame, extension: str | None) -> dict[str, Any]:
    fields: list[dict[str, Any]] = [
        {
            "@type": "cr:Field",
            "@id": f"records/{name}",
            "name": str(name),
            "dataType": _type(table[name]),
            "source": {"fileObject": {"@id": "metadata.csv"}, "extract": {"column": str(name)}},
        }
        for name in table
    ]
    if extension:
        fields.append(
            {
                "@type": "cr:Field",
                "@id": "records/image",
                "name": "image",
                "dataType": "sc:ImageObject",
                "source": {"fileSet": {"@id": "images"}, "extract": {"fileProperty": "content"}},
                "references": {"field": {"@id": "records/file_name"}},
            }
        )
    key = {"key": {"@id": "records/file_name"}} if extension else {}
    return {"@type": "cr:RecordSet", "@id": "records", "name": "records", **key, "field": fields}


def _type(series: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(series):
        return "sc:Boolean"
    if pd.api.types.is_integer_dtype(series):
        return "sc:Integer"
    return "sc:Float" if pd.api.types.is_numeric_dtype(series) else "sc:Text"
