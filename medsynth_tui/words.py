"""Values as people read them. Pure functions: no screen, no colour, no engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.measures import in_words

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
WORK = {
    "intake": "bring in",
    "scan": "scan",
    "train": "train",
    "generate": "draw",
    "evaluate": "evaluate",
    "report": "report",
    "export": "export",
    "check_text": "text check",
    "apply_review": "review",
    "describe_table": "columns",
    "propose_rules": "rules",
    "compare_rows": "compare",
    "bundle": "bundle",
    "import_run": "run back",
    "import_cohort": "cohort in",
    "import_weights": "weights",
    "export_weights": "export",
}
"""Kinds of long work, in at most ten columns."""
OF_A_RUN = {
    "kimg": "thousand images",
    "images_per_second": "images/s",
    "loss_generator": "loss of the generator",
    "loss_discriminator": "loss of the discriminator",
    "accuracy_real": "discriminator right on real",
    "accuracy_fake": "discriminator right on fake",
    "slope_real": "slope at real images (R1)",
    "slope_fake": "slope at fake images (R2)",
    "gradient_norm_discriminator": "gradient of the discriminator",
    "gradient_norm_generator": "gradient of the generator",
    "overfitting": "overfitting signal (0: none)",
    "augmentation": "strength of augmentation",
    "fd_ratio_validation": "Fréchet ratio (estimate, 1 is real)",
    "fd_ratio_noise": "standard error of that Fréchet ratio",
    "kid": "KID (estimate, 0 is real)",
    "nearest_neighbour_risk": "nearest-neighbour risk (estimate)",
    "nearest_neighbour_risk_groups": "nearest-neighbour risk",
    "copying": "copies training images",
    "n": "images looked at",
    "roofline": "share of the roofline (1: all the machine can)",
    "memory_bytes": "memory, bytes",
    "epsilon": "epsilon spent",
    "eta_seconds": "seconds left",
}
"""What a run measures while it goes."""
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


def ending(name: str, room: int) -> str:
    """A name in `room` columns: names of runs differ at their end, where the time stands."""
    return name if len(name) <= room else f"…{name[1 - room :]}"


def count(value: Any) -> str:
    """A whole number with thousands apart; words such as `<11` stay."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return said(value, 40)
    return f"{value:,.0f}"


def counted(number: int, one: str, several: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def rests_on(each: Mapping[str, Any]) -> str:
    """How many stand behind a measured number: 0 beside a value is a count that would give a small group away."""
    return "hidden" if each["n"] == 0 and each.get("value") is not None else count(each["n"])


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
    """A name of evidence in words; a name of no family is shown as it is."""
    return in_words(name)


def of_a_run(name: Any) -> str:
    """What a run measures, in words; a name that is new here is shown with its words apart."""
    return OF_A_RUN.get(str(name)) or said(str(name).replace("_", " "), 60)


def work(kind: Any) -> str:
    """A kind of long work, in a word or two."""
    return WORK.get(str(kind)) or said(str(kind).replace("_", " "), 20)


def state(word: Any) -> str:
    return STATES.get(str(word), said(word, 20))


def account_state(person: Mapping[str, Any]) -> str:
    """Who has logged in once was not invited just now: an admin has reset the password."""
    return "reset" if person["state"] == "invited" and person.get("last_login") else str(person["state"])


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns."""
    import textwrap

    return textwrap.wrap(text, max(8, width)) or [""]
