"""Words that mean nothing, yes or no in tables, in the languages that hospitals write them in."""

from __future__ import annotations


def listed(words: str) -> frozenset[str]:
    """The words of a line."""
    return frozenset(words.split())


def lined(words: str) -> frozenset[str]:
    """The entries between bars."""
    return frozenset(entry.strip() for entry in words.split("|"))


MISSING = frozenset(("",)) | lined(
    "?|??|???|-|--|---|.|..|n/a|na|n.a.|n. a.|#n/a|#na|<na>|nan|nil|null|unknown|unk|unkn|unspecified|undefined|"
    "missing|not available|[not available]|not applicable|[not applicable]|not known|not reported|not specified|"
    "not recorded|[unknown]|unavailable|"
    "unknown/invalid|invalid|todo|tbd|pending|unlabeled|unlabelled|no data|#ref!|#value!|#div/0!|"
    "#name?|#num!|#null!|unbekannt|k.a.|k. a.|keine angabe|fehlt|inconnu|non disponible|non renseigné|desconocido|"
    "no disponible|sconosciuto|onbekend|okänd|ukjent|ukendt|nieznany|неизвестно|不明|未知"
)
"""Words for "nobody knows". `None` and `none` are not among them: in "none found" columns they are a finding."""

TRUE_WORDS = listed("yes y true t 1 ja j oui si sí sim vrai wahr verdadero vero tak да evet kyllä igen")
FALSE_WORDS = listed("no n false f 0 nein non não nao faux falsch falso nie нет hayır hayir nej nee ei nem")
LETTER_PAIRS = ({"y", "n"}, {"t", "f"}, {"j", "n"})
"""Single letters are a yes or no only beside their own: T and N may be tumour and normal."""


def yes_or_no(words: set[str]) -> bool:
    """Whether a column of these words (lower case, no trailing `.0`) answers a question, with both answers in it."""
    letters = {word for word in words if len(word) == 1 and word.isalpha()}
    return (
        words <= TRUE_WORDS | FALSE_WORDS
        and bool(words & TRUE_WORDS and words & FALSE_WORDS)
        and (not letters or any(letters <= pair for pair in LETTER_PAIRS))
    )
