"""Names of the label numbers of the published MedMNIST v2 sets (Yang et al. 2023, doi 10.1038/s41597-022-01721-8)."""

from __future__ import annotations

from pathlib import Path


def _parts(line: str) -> list[str]:
    return line.split("|")


_ORGANS = _parts(
    "bladder|femur-left|femur-right|heart|kidney-left|kidney-right|liver|lung-left|lung-right|pancreas|spleen"
)
LABELS: dict[str, list[str]] = {
    "pathmnist": _parts(
        "adipose|background|debris|lymphocytes|mucus|smooth muscle|normal colon mucosa|cancer-associated stroma|"
        "colorectal adenocarcinoma epithelium"
    ),
    "chestmnist": _parts(
        "atelectasis|cardiomegaly|effusion|infiltration|mass|nodule|pneumonia|pneumothorax|consolidation|edema|"
        "emphysema|fibrosis|pleural|hernia"
    ),
    "dermamnist": _parts(
        "actinic keratoses|basal cell carcinoma|benign keratosis-like lesions|dermatofibroma|melanoma|melanocytic nevi|"
        "vascular lesions"
    ),
    "octmnist": ["choroidal neovascularization", "diabetic macular edema", "drusen", "normal"],
    "pneumoniamnist": ["normal", "pneumonia"],
    "breastmnist": ["malignant", "normal or benign"],
    "bloodmnist": _parts(
        "basophil|eosinophil|erythroblast|immature granulocytes|lymphocyte|monocyte|neutrophil|platelet"
    ),
    "organamnist": _ORGANS,
    "organcmnist": _ORGANS,
    "organsmnist": _ORGANS,
}


def names_of(path: Path, highest: int) -> list[str] | None:
    """The names of labels 0 to `highest` where the file is called like one of the sets (`pneumoniamnist_64.npz`), and
    has no more labels than the set; else None."""
    names = LABELS.get(path.stem.casefold().split("_")[0])
    return names if names is not None and highest < len(names) else None
