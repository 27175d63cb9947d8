"""The names of evidence in words, what their control is, and where their method comes from: one place for all faces.

A name is `family.part.part...`, with `=value` at the end where it is about one value. What is not listed here is put
into words by its parts, so that a measure that is new shows at once.
"""

from __future__ import annotations

import re

from medsynth_engine.kernel.escape import plain

FAMILIES = ("fidelity", "privacy", "bias", "utility")
NAME = re.compile(rf"\b(?:{'|'.join(FAMILIES)})(?:\.[a-z][a-z0-9_]*)+(?:=[\w+-]+)?")
"""A name inside a sentence; the dot that ends the sentence is no part of it."""

WHOLE = {
    "fidelity.fd_ratio": "Fréchet ratio (1: as real)",
    "fidelity.kid": "KID",
    "fidelity.coverage": "Coverage",
    "fidelity.density": "Density",
    "fidelity.rows.pairwise": "Pairwise associations kept",
    "fidelity.rows.detection_auc": "Rows told from real ones (AUC)",
    "privacy.image.identical": "Identical training images",
    "privacy.image.copies": "Near copies of training images",
    "privacy.image.tail_share": "Images nearer to training",
    "privacy.image.close_match": "Close matches to training images",
    "privacy.image.membership_auc": "Membership attack on images (AUC)",
    "privacy.image.membership_p": "Chance alone gives that AUC (p)",
    "privacy.rows.copies": "Identical training rows",
    "privacy.rows.membership_p": "Chance alone gives that AUC (p)",
    "privacy.rows.tail_share": "Rows nearer to training",
    "privacy.rows.close_match": "Close matches to training rows",
    "privacy.rows.singling_out": "Singling out",
    "privacy.rows.linkability": "Linkability",
    "privacy.rows.inference": "Attribute inference",
    "privacy.rows.membership_auc": "Membership attack on rows (AUC)",
    "privacy.image.burned_in_text": "Text read on images",
    "privacy.image.identifying_text": "Text like a date, number or name",
    "privacy.image.repeated": "Training images drawn repeatedly",
    "privacy.rows.repeated": "Training rows drawn repeatedly",
    "privacy.image.tail_p": "Chance alone gives that share (p)",
    "privacy.rows.tail_p": "Chance alone gives that share (p)",
    "privacy.k_anonymity": "k-anonymity",
    "utility.tstr_auc": "Images: trained on synthetic (AUC)",
    "utility.trtr_auc": "Images: trained on real (AUC)",
    "utility.tsrtr_auc": "Images: trained on both (AUC)",
    "utility.rows.tsrtr_auc": "Rows: trained on both (AUC)",
    "utility.rows.tstr_auc": "Rows: trained on synthetic (AUC)",
    "utility.rows.trtr_auc": "Rows: trained on real (AUC)",
    "bias.age_wasserstein": "Age, years from training",
    "bias.worst_intersection": "Worst intersection of groups",
}
"""Names that have words of their own."""

TEMPLATES = {
    "tvd": "mix of {} (TVD)",
    "read_back": "{} read back from images",
    "read_back_shuffled": "{} read back, rows shuffled",
    "group_gap": "gap between groups of {}",
    "fnr_gap": "gap of missed findings between groups of {}",
    "parity_amplification": "imbalance amplified: {}",
}
"""Measures that are about an attribute, which is the rest of the name."""

PARTS = {
    "auc": "AUC",
    "c_t": "copying test C_T",
    "close_match": "close matches",
    "curve": "learning curve",
    "detection_auc": "told from real (AUC)",
    "encoder": "site's encoder",
    "fd_ratio": "Fréchet ratio",
    "fid": "FID",
    "group": "by group",
    "image": "images",
    "inception": "Inception",
    "inference": "attribute inference",
    "k_map": "k-map",
    "kid": "KID",
    "l_diversity": "l-diversity",
    "membership_auc": "membership attack (AUC)",
    "membership_p": "chance alone gives that AUC (p)",
    "reidentification": "patients found again",
    "t_closeness": "t-closeness",
    "tail_p": "chance alone gives that share (p)",
    "tail_share": "nearer to training",
    "trtr_auc": "trained on real (AUC)",
    "tsrtr_auc": "trained on both (AUC)",
    "tstr_auc": "trained on synthetic (AUC)",
    "tvd": "mix (TVD)",
    "white_box": "with the discriminator",
}
"""Parts of a name whose own words say less than these."""

MEDIA = ("image", "rows", "encoder", "inception", "radiomics", "group")
"""Parts that say on what, not what."""

SOURCES = {
    "fd_ratio": "Dowson & Landau 1982; covariance of Ledoit & Wolf 2004",
    "fid": "Heusel et al. 2017",
    "kid": "Bińkowski et al. 2018",
    "density": "Naeem et al. 2020, k = 5",
    "coverage": "Naeem et al. 2020, k = 5",
    "membership_auc": "GAN-Leaks (Chen et al. 2020); intervals of Obuchowski 1997",
    "membership_p": "GAN-Leaks (Chen et al. 2020), permutation of members",
    "singling_out": "Giomi et al. 2023 (anonymeter), code of our own",
    "linkability": "Giomi et al. 2023 (anonymeter), code of our own",
    "inference": "Yeom et al. 2018",
    "k_anonymity": "Sweeney 2002",
    "k_map": "El Emam & Dankar 2008",
    "l_diversity": "Machanavajjhala et al. 2007",
    "t_closeness": "Li et al. 2007",
    "c_t": "Meehan et al. 2020",
    "burned_in_text": "PP-OCR (Du et al. 2020), version 4; Wilson 1927",
    "identifying_text": "PP-OCR (Du et al. 2020), version 4; Wilson 1927",
    "tail_share": "own construction on Clopper & Pearson 1934",
    "tstr_auc": "Esteban et al. 2017",
    "trtr_auc": "Esteban et al. 2017",
    "age_wasserstein": "Wasserstein-1 distance (Villani 2009)",
    "representation": "Wilson 1927 at the effective n",
    "tvd": "total variation distance",
}
"""Where the method comes from, by the part of the name that is the measure."""

NET_OF_CONTROL = ("singling_out", "linkability", "inference", "reidentification")
"""Measures whose value has its control taken off already: they are held against 0, the gauge takes them as they are,
and the control is told beside."""

CONTROLS = {
    "fidelity": "unseen real records in the place of the synthetic ones, or chance",
    "privacy": "the same attack where nothing can have leaked: held-out patients, or a placebo",
    "bias": "the real data, or what sampling alone gives",
    "utility": "training on real records, or chance",
}


def in_words(name: str) -> str:
    """A name of evidence as people call it. Of a family that does not exist the name itself."""
    if name in WHOLE:
        return WHOLE[name]
    subject, _, value = name.partition("=")
    family, _, rest = subject.partition(".")
    if family not in FAMILIES or not rest:
        return plain(name, 60)
    return _of_value(rest, value) if value else _of_parts(rest)


def _of_value(rest: str, value: str) -> str:
    """`representation.sex`, `F` -> `sex = F`; what is no plain representation says behind it what it is."""
    *kinds, attribute = rest.split(".")
    said = f"{attribute.replace('_', ' ')} = {plain(value, 60)}"
    others = [_part(kind) for kind in kinds if kind not in ("representation", "group")]
    return f"{said} ({', '.join(others)})" if others else said


def _of_parts(rest: str) -> str:
    of_rows = "rows: " if rest.startswith("rows.") else ""
    kind, _, of = rest.removeprefix("rows.").partition(".")
    if kind in TEMPLATES and of:
        first, _, last = of.rpartition(".")
        about = f"{first} by {last}" if first else last
        return _capital(of_rows + TEMPLATES[kind].format(plain(about, 60).replace("_", " ")))
    parts = rest.split(".")
    known = [part for part in parts if part in SOURCES or part.endswith(("_auc", "_p"))]
    head = known[-1] if known else next((part for part in parts if part not in MEDIA), parts[-1])
    others = [_part(part) for part in parts if part != head]
    return _capital(_part(head)) + (f" ({', '.join(others)})" if others else "")


def _part(part: str) -> str:
    if part.isdigit():
        return f"{int(part):,} records"
    return PARTS.get(part) or plain(part, 60).replace("_", " ")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def spoken(sentence: str) -> str:
    """A sentence in which every name of evidence is said in words."""
    return NAME.sub(lambda found: f"“{in_words(found[0])}”", sentence)


def source(name: str) -> str:
    """Where the method of this measure comes from; empty where nobody but us."""
    parts = name.partition("=")[0].split(".")
    return next((SOURCES[part] for part in reversed(parts) if part in SOURCES), "")


def control_words(name: str) -> str:
    """What the control of this measure stands for."""
    return CONTROLS.get(name.partition(".")[0], "the same measurement where nothing can have changed")


def heading(name: str) -> str:
    """What a measure is listed under within its family: `images`, `rows`, `representation`, ...; empty for the rest."""
    parts = name.partition("=")[0].split(".")
    if len(parts) < 3:
        return "intersections" if parts[-1].endswith("intersection") else ""
    if parts[1] == "representation":
        return f"how common each {parts[2].replace('_', ' ')} is"
    known = {
        "tvd": "mix of the groups",
        "parity_amplification": "imbalance between groups",
        "group_gap": "gaps between groups",
        "fnr_gap": "gaps of missed findings between groups",
        "read_back": "read back from images",
        "read_back_shuffled": "read back after shuffling: chance is 0",
    }
    return known.get(parts[1]) or _part(parts[1])
