"""Values as people read them. Pure functions: no screen, no colour, no engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from medsynth_engine.kernel.escape import plain

NOT_ENOUGH = "not enough evidence"
STATES = {
    "queued": "waiting its turn",
    "running": "running",
    "paused": "paused",
    "interrupted": "interrupted",
    "stopped": "stopped",
    "finished": "finished",
    "failed": "failed",
}
MEASURES = {
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
    "privacy.k_anonymity": "k-anonymity",
    "utility.tstr_auc": "Images: trained on synthetic (AUC)",
    "utility.trtr_auc": "Images: trained on real (AUC)",
    "utility.rows.tstr_auc": "Rows: trained on synthetic (AUC)",
    "utility.rows.trtr_auc": "Rows: trained on real (AUC)",
    "bias.age_wasserstein": "Age, years from training",
    "bias.worst_intersection": "Worst intersection of groups",
}
BANDS = {
    "very_low": "very low",
    "low": "low",
    "guarded": "guarded",
    "high": "high",
    "critical": "critical",
    "grey": NOT_ENOUGH,
}
SCENARIOS = {
    "data": "Data: somebody holds the cohort",
    "generator": "Generator: somebody holds the weights",
    "insider": "Insider: somebody also knows records",
}


def said(value: Any, limit: int = 200) -> str:
    """Anything from a person, a file or the engine, inert and on one line; nothing at all is a dash."""
    return "–" if value is None or value == "" else plain(value, limit)


def count(value: Any) -> str:
    """A whole number with thousands apart; words such as `<11` stay."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return said(value, 40)
    return f"{value:,.0f}"


def number(value: Any, digits: int = 3) -> str:
    """A measurement with three significant digits, without powers of ten where a person can read it."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return said(value, 40)
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) < 0.001:
        return f"{value:.1e}"
    return f"{value:.{digits}g}"


def share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %" if value >= 0.1 or value == 0 else f"{100 * value:.1f} %"


def span(seconds: float | None) -> str:
    """A duration: `40 s`, `3 min 10 s`, `2 h 05 min`."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 90:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def when(moment: Any, now: datetime | None = None) -> str:
    """An ISO time as `09:41` today, `Nov 21 09:41` this year, else the date; always UTC, as the ledger keeps it."""
    try:
        at = datetime.fromisoformat(str(moment))
    except ValueError:
        return said(moment, 20)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    now = now or datetime.now(UTC)
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at:%b %d %H:%M}" if at.year == now.year else f"{at:%Y-%m-%d}"


def measure(name: str) -> str:
    """A name of evidence in words; a name that is new here is shown as it is."""
    if name in MEASURES:
        return MEASURES[name]
    family, _, rest = name.partition(".")
    if family == "bias" and "=" in rest:
        return rest.replace("representation.", "", 1).replace("=", " = ", 1)
    of_rows = "rows: " if rest.startswith("rows.") else ""
    kind, _, of = rest.removeprefix("rows.").partition(".")
    sentences = {
        "tvd": "mix of {} (TVD)",
        "read_back": "{} read back from images",
        "group_gap": "gap between groups of {}",
        "parity_amplification": "imbalance amplified: {}",
    }
    if kind not in sentences:
        return said(name, 60)
    words = of_rows + sentences[kind].format(of.replace(".", " by ").replace("_", " "))
    return words[:1].upper() + words[1:]


def state(word: Any) -> str:
    return STATES.get(str(word), said(word, 20))


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns."""
    import textwrap

    return textwrap.wrap(text, max(8, width)) or [""]
