"""k-anonymity of the real training data: how many patients share their quasi-identifiers with how many others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from medsynth_engine.evidence.tables import GROUPS, group, has, patients
from medsynth_engine.kernel.evidence import Evidence, not_enough


def k_anonymity(training: pd.DataFrame) -> Evidence:
    """Smallest number of patients who share age band, sex and ethnicity, as far as these are known (Sweeney 2002).

    Said of the real training data, for the assessment. A synthetic row that is alone in its class is no person.
    """
    name = "privacy.k_anonymity"
    method = "Classes of equal age band, sex and ethnicity, counted in patients; missing is a value of its own."
    adversary = "Somebody who knows a patient's age, sex and ethnicity, and gets hold of the real training data"
    known = [attribute for attribute in GROUPS if has(attribute, training)]
    if not known:
        return not_enough(name, len(training), "higher", "there are no quasi-identifiers.", method, adversary)
    table = pd.DataFrame({attribute: pd.Series(group(training, attribute)).fillna("?") for attribute in known})
    table["patient"] = patients(training)
    sizes = table.groupby(known)["patient"].nunique().to_numpy()
    alone = int(np.sum(sizes == 1))
    return Evidence(
        name,
        float(sizes.min()),
        None,
        None,
        None,
        int(sizes.sum()),
        "higher",
        adversary,
        f"Every real patient shares {', '.join(known).replace('_', ' ')} with at least {int(sizes.min()) - 1} others"
        f"{f'; {alone} classes hold one patient only' if alone else ''}.",
        method,
    )
