"""An assessment's document as rows and paragraphs. Pure functions."""

from __future__ import annotations

from typing import Any

from textual.content import Content

from medsynth_tui.glyphs import Glyphs
from medsynth_tui.words import said, when

LEVELS = {"low": "$success", "medium": "$warning", "high": "$error"}
SIGNED = {
    "submit": "submitted it",
    "concur": "concurs",
    "dissent": "dissents",
    "approve": "approved it",
    "return": "sent it back",
    "reject": "rejected it",
    "withdraw": "withdrew it",
}


OPINIONS = ("concur", "dissent")
COUNTING = (*OPINIONS, "approve")


def heading(document: dict[str, Any], left_under: str = "") -> Content:
    """State, audience, what still keeps it from going on; `left_under`: the id that a release names, if one came from
    there."""
    colours = {"approved": "$success", "rejected": "$error", "returned": "$warning"}
    word = document["state"]
    parts: list[tuple[str, str]] = [
        (said(word), f"bold {colours.get(word, '$primary')}"),
        (
            f"  for {said(document['audience'])}, version {document['version']}, by {said(document['author'], 30)}",
            "$foreground",
        ),
        ("  residual risk ", "$muted"),
        (said(document.get("residual")), LEVELS.get(str(document.get("residual")), "$muted")),
    ]
    if document.get("expires"):
        parts.append((f"  valid until {said(str(document['expires'])[:10])}", "$muted"))
    lines = [Content.assemble(*parts)]
    if left_under and left_under != document.get("id"):
        words = f"The release left under an earlier assessment, {said(left_under, 20)}; this one was drafted since."
        lines.append(Content.assemble(("! ", "bold $warning"), words))
    signed = signed_so_far(document) if word == "submitted" else []
    if signed:
        told = ", ".join(f"{said(each['name'], 30)} {SIGNED[each['kind']]}" for each in signed)
        lines.append(Content.assemble(("Signed so far  ", "$muted"), told))
    back = [each for each in document["signatures"] if each["kind"] == "return"]
    if back and word in ("returned", "draft"):
        words = f"{said(back[-1]['name'], 30)} sent it back: {said(back[-1]['note'], 300)}"
        lines.append(Content.assemble(("! ", "bold $warning"), words))
    for sentence in document.get("lapsed") or []:
        lines.append(Content.assemble(("! ", "bold $error"), f"It does not count any more: {said(sentence, 200)}."))
    for touch in document.get("credential_touches") or []:
        words = touched(touch["admin"], document["author"], touch["kind"])
        words += f" and may not judge this before {said(str(touch['until'])[:10])}."
        lines.append(Content.assemble(("i ", "bold $accent"), words))
    for touch in document.get("approver_touches") or []:
        words = touched(touch["admin"], touch["user"], touch["kind"])
        words = f"{said(touch['user'], 30)} approved, but {words} shortly before: the two may be one person."
        lines.append(Content.assemble(("! ", "bold $warning"), words))
    for each in opinions_of(document):
        if each["kind"] == "dissent":
            words = f"{said(each['name'], 30)} dissents: {said(each['note'], 300)}"
            lines.append(Content.assemble(("! ", "bold $warning"), words))
    for sentence in document.get("blocking") or []:
        lines.append(Content.assemble(("! ", "bold $warning"), said(sentence, 400)))
    return Content("\n").join(lines)


def touched(admin: str, user: str, kind: str) -> str:
    """How an admin came to know what somebody logs in with."""
    done = {"issued": "gave {user} the first code", "reset": "gave {user} a new code"}.get(
        kind, "changed {user}'s login"
    )
    return f"{said(admin, 30)} {done.format(user=said(user, 30))}"


def opinions_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Each auditor's last opinion on the text as it was last submitted; earlier rounds do not count any more."""
    return [each for each in signed_so_far(document) if each["kind"] in OPINIONS]


def signed_so_far(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Each person's last opinion on the text as it was last submitted, or their approval of it."""
    signed = document["signatures"]
    start = max((place for place, each in enumerate(signed) if each["kind"] == "submit"), default=0)
    given = [each for each in signed[start:] if each["kind"] in COUNTING and each["digest"] == document["digest"]]
    return list({each["name"]: each for each in given}.values())


def signed_lines(document: dict[str, Any]) -> list[str]:
    """A sentence for each of them, for whoever signs next; without an opinion that there is none."""
    lines = [
        f"{said(each['name'], 30)} {SIGNED[each['kind']]}: {said(each['note'] or 'no note', 160)}"
        for each in signed_so_far(document)
    ]
    return lines if opinions_of(document) else ["No auditor has given an opinion yet.", *lines]


def rows_of(document: dict[str, Any], glyphs: Glyphs) -> list[tuple[str, list[Any]]]:
    """One row a question, a risk, and one for all signatures; a mark where an answer is missing."""
    rows: list[tuple[str, list[Any]]] = []
    for section in document["sections"]:
        for index, asked in enumerate(section["fields"]):
            number = str(section["number"]) if index == 0 else ""
            label = asked["id"].partition(".")[2].replace("_", " ")
            missing = asked["id"] in document.get("open", ())
            rows.append((f"question {asked['id']}", [number, (f"? {label}", "bold") if missing else label]))
    for index, risk in enumerate(document["risks"]):
        mark = "!" if risk.get("residual_level") == "high" else ("R" if index == 0 else "")
        rows.append((f"risk {risk['id']}", [mark, f"risk: {said(risk['title'], 40)}"]))
    rows.append(("signatures", [glyphs.tick if document["signatures"] else "", "signatures"]))
    return rows


def lines_of(document: dict[str, Any], key: str) -> list[Content]:
    """The part under the cursor, in full."""
    kind, _, name = key.partition(" ")
    if kind == "signatures":
        return _signatures(document)
    if kind == "risk":
        return _risk(next(each for each in document["risks"] if each["id"] == name))
    for section in document["sections"]:
        for asked in section["fields"]:
            if asked["id"] == name:
                return _question(section, asked)
    return []


def _question(section: dict[str, Any], asked: dict[str, Any]) -> list[Content]:
    answer = str(asked["answer"]).strip()
    lines = [
        Content.assemble((f"{section['number']}. {said(section['title'], 80)}", "$accent")),
        Content.assemble((said(asked["question"], 500), "bold $foreground")),
        Content(""),
        Content(said(answer, 6000)) if answer else Content.assemble(("Not answered yet.", "$warning")),
        Content(""),
    ]
    if answer and asked.get("source") == "default":
        lines.append(Content.assemble(("This is the default answer; change it where it does not fit.", "$muted")))
    elif asked.get("person_only") and not answer:
        lines.append(Content.assemble(("Only a person knows this.", "$muted")))
    return lines


def _risk(risk: dict[str, Any]) -> list[Content]:
    def scored(prefix: str, label: str) -> Content:
        likelihood, severity = risk.get(f"{prefix}likelihood"), risk.get(f"{prefix}severity")
        level = str(risk.get(f"{prefix}level") or "")
        return Content.assemble(
            (f"{label:<9}", "$muted"),
            f"likelihood {said(likelihood)} x severity {said(severity)}  ",
            (level, f"bold {LEVELS.get(level, '$foreground')}"),
        )

    lines = [
        Content.assemble((said(risk["title"], 100), "bold $foreground")),
        Content(said(risk.get("cause"), 1000)),
        Content.assemble(("Harm: ", "$muted"), said(risk.get("harm"), 1000)),
        Content(""),
        scored("", "before"),
        scored("residual_", "after"),
    ]
    if risk.get("basis"):
        lines.append(Content.assemble((said(risk["basis"], 500), "$muted")))
    for key, label in (("measures", "Measures"), ("reason", "Reason"), ("owner", "Owner"), ("due", "Due")):
        if risk.get(key):
            lines.append(Content.assemble((f"{label}: ", "$accent"), said(risk[key], 2000)))
    return lines


def _signatures(document: dict[str, Any]) -> list[Content]:
    if not document["signatures"]:
        return [Content.assemble(("Nobody has signed yet.", "$muted"))]
    lines: list[Content] = []
    for each in document["signatures"]:
        lines.append(
            Content.assemble(
                (said(each["name"], 40), "bold $foreground"),
                (f" ({said(each['role'])}) ", "$muted"),
                SIGNED.get(each["kind"], said(each["kind"])),
                (f"  {when(each['at'])}", "$muted"),
            )
        )
        if each.get("note"):
            lines.append(Content(f"  {said(each['note'], 2000)}"))
        lines.append(Content.assemble((f"  over the document {said(each['digest'], 16)}", "$muted")))
    if document.get("id"):
        lines.append(Content.assemble((f"In the log it is assessment:{said(document['id'], 20)}", "$muted")))
    return lines
