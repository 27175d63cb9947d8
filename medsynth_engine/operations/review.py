"""The review queue: quarantined pictures, and the researchers who accept, mask or reject them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.kernel.errors import BadInput, Busy, Denied, NotFound
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.datasets import newest
from medsynth_engine.operations.declare import Call, Recorded, operation
from medsynth_engine.operations.jobs import hand_over, launch
from medsynth_engine.operations.quarantine import Box, Held, held, picture_of, waiting_since
from medsynth_engine.operations.thumbnails import thumbnail

LARGEST_PICTURE = 2048
MOST_BOXES = 100


@dataclass(frozen=True)
class Found:
    """A quarantined picture, and the newest version of the dataset that holds it."""

    dataset: Any
    folder: Path
    picture: Held


class Reviews:
    """Who looks at what, and what they decided, is in the audit log; what was read in a picture never is."""

    @operation("review.list", Permission.REVIEW, about="dataset")
    def review_list(self, call: Call, dataset: str | None = None) -> list[dict[str, Any]]:
        found = []
        with call.read() as session:
            rows = [newest(call, dataset)] if dataset else reachable(call, session)
            for row in rows:
                pictures = held(call.home.datasets / row.folder) or {}
                if pictures:
                    found += entries(call, session, row, list(pictures.values()))
        return found

    @operation("review.show", Permission.REVIEW, about="id")
    def review_show(self, call: Call, id: str, size: int = 512) -> dict[str, Any]:
        if not 8 <= size <= LARGEST_PICTURE:
            raise BadInput("bad_size", f"A picture is shown with 8 to {LARGEST_PICTURE} pixels a side.", "Ask for 512.")
        one = find(call, id)
        with call.read() as session:
            entry = entries(call, session, one.dataset, [one.picture])[0]
        path = picture_of(one.folder, one.picture.record)
        with call.change(f"dataset:{one.dataset.name}", record=one.picture.record, picture=path is not None):
            pass  # looking at a real image is an event of its own
        return {**entry, "read": list(one.picture.read), "picture": thumbnail(path, size) if path else None}

    @operation("review.accept", Permission.REVIEW, about="id")
    def review_accept(self, call: Call, id: str) -> dict[str, Any]:
        return decide(call, with_picture(find(call, id)), "accept")

    @operation("review.mask", Permission.REVIEW, about="id")
    def review_mask(self, call: Call, id: str, boxes: list[Box] | None = None) -> dict[str, Any]:
        one = with_picture(find(call, id))
        chosen = checked_boxes(boxes, one.picture) if boxes else [list(box) for box in one.picture.boxes]
        if not chosen:
            raise BadInput(
                "no_boxes", "No text was found in it, so you say what to mask.", "--box X,Y,WIDTH,HEIGHT, in pixels."
            )
        return decide(call, one, "mask", chosen)

    @operation("review.reject", Permission.REVIEW, about="id")
    def review_reject(self, call: Call, id: str) -> dict[str, Any]:
        return decide(call, find(call, id), "reject")

    @operation("review.undo", Permission.REVIEW, about="id")
    def review_undo(self, call: Call, id: str) -> dict[str, Any]:
        from medsynth_engine.operations.decisions import waiting

        one = find(call, id)
        with call.read() as session:
            if one.picture.record not in waiting(session, one.dataset):
                raise BadInput("not_decided", "Nothing was decided about it yet.", "See: medsynth review list")
        return decide(call, one, "undo")

    @operation("review.apply", Permission.REVIEW, about="dataset")
    def review_apply(self, call: Call, dataset: str) -> dict[str, Any]:
        row = newest(call, dataset)
        with call.change(f"dataset:{row.name}") as change:
            job = begin_applying(call, change, row)
        launch(call, job)
        return {"job": job, "dataset": row.name}

    @operation("review.counts", Permission.READ_REPORTS, about="dataset")
    def review_counts(self, call: Call, dataset: str) -> dict[str, Any]:
        from medsynth_engine.operations.decisions import counts, waiting

        row = newest(call, dataset)
        pictures = held(call.home.datasets / row.folder) or {}
        with call.read() as session:
            decided = waiting(session, row).keys() & pictures.keys()
            found = counts(session, row, pictures.keys())
        return {"dataset": row.name, "held": len(pictures), "decided": len(decided), **found}


def reachable(call: Call, session: Session) -> list[Any]:
    """The newest version of every dataset that the actor owns or was given, by name."""
    from db.tables import Dataset, DatasetShare

    rows = session.exec(select(Dataset).where(Dataset.state == "present").order_by(col(Dataset.version))).all()
    shared = set(session.exec(select(DatasetShare.dataset_id).where(DatasetShare.user_id == call.actor.user_id)))
    given = {row.name for row in rows if row.id in shared}
    mine = [r for r in rows if call.scope is Scope.ALL or r.owner_id == call.actor.user_id or r.name in given]
    return [row for _, row in sorted({row.name: row for row in mine}.items())]


def reviews_waiting(call: Call) -> list[dict[str, Any]]:
    """Of every dataset that the actor may see: how many pictures are held and undecided, and whether it is theirs."""
    from medsynth_engine.operations.decisions import others_may_review, waiting

    found = []
    with call.read() as session:
        for row in reachable(call, session):
            pictures = held(call.home.datasets / row.folder) or {}
            undecided = len(pictures.keys() - waiting(session, row).keys()) if pictures else 0
            if undecided:
                own = row.owner_id == call.actor.user_id
                may = not (own and others_may_review(session, row.owner_id))
                found.append({"dataset": row.name, "undecided": undecided, "held": len(pictures), "may_decide": may})
    return found


def entries(call: Call, session: Session, row: Any, pictures: Sequence[Held]) -> list[dict[str, Any]]:
    """The queue's documents of these pictures of one dataset."""
    from medsynth_engine.operations.decisions import lineage, others_may_review, waiting

    decisions = waiting(session, row)
    versions = [(version, call.home.datasets / version.folder) for version in lineage(session, row)]
    since = waiting_since(versions, [each.record for each in pictures])
    uploader = row.owner_id == call.actor.user_id
    now = datetime.now(UTC)
    return [
        {
            "id": each.record,
            "dataset": row.name,
            "version": row.version,
            **each.document(),
            "waiting_days": (now - since[each.record]).days,
            "decision": decisions[each.record].decision if each.record in decisions else None,
            "may_decide": not (uploader and others_may_review(session, row.owner_id)),
        }
        for each in pictures
    ]


def find(call: Call, identifier: str) -> Found:
    """The picture called `ID` or `dataset/ID`. Raises NotFound, Denied, or BadInput where two datasets hold it."""
    name, _, record = identifier.rpartition("/")
    with call.read() as session:
        rows = [newest(call, name)] if name else reachable(call, session)
    found = []
    for row in rows:
        folder = call.home.datasets / row.folder
        picture = (held(folder) or {}).get(record)
        if picture is not None:
            found.append(Found(row, folder, picture))
    if not found:
        raise NotFound(
            "no_such_picture", f"No picture {plain(record, 40)!r} waits for a review.", "See: medsynth review list"
        )
    if len(found) > 1:
        names = " or ".join(f"{one.dataset.name}/{record}" for one in found)
        raise BadInput(
            "two_datasets", "Two of your datasets hold that very picture.", f"Say which: {plain(names, 300)}"
        )
    return found[0]


def with_picture(one: Found) -> Found:
    """Raises BadInput where there is nothing to look at, so that it can only be rejected."""
    if picture_of(one.folder, one.picture.record) is None:
        raise BadInput(
            "no_picture",
            "Its picture is not kept, because an identifier was found in the bytes of the file.",
            "It can only be rejected: medsynth review reject ID",
        )
    return one


def checked_boxes(boxes: Sequence[Sequence[int]], picture: Held) -> list[Box]:
    """Boxes that lie in the picture. Raises BadInput."""
    for box in boxes:
        whole = len(box) == 4 and all(isinstance(edge, int) and not isinstance(edge, bool) for edge in box)
        x, y, width, height = box if whole else (0, 0, 0, 0)
        if not (0 <= x < x + width <= picture.width and 0 <= y < y + height <= picture.height):
            raise BadInput(
                "bad_box",
                f"A box lies in the picture, which is {picture.width} by {picture.height} pixels.",
                "X,Y,WIDTH,HEIGHT from the upper left corner.",
            )
    if len(boxes) > MOST_BOXES:
        raise BadInput("too_many_boxes", f"At most {MOST_BOXES} boxes a picture.", "Reject it, or use larger boxes.")
    return [list(box) for box in boxes]


def decide(call: Call, one: Found, decision: str, boxes: list[Box] | None = None) -> dict[str, Any]:
    """Add the decision; when nothing is left undecided in the dataset, start making its next version."""
    from db.tables import Review
    from medsynth_engine.operations.decisions import APPLYING, waiting, work_under_way

    row, record = one.dataset, one.picture.record
    job = None
    with call.change(f"dataset:{row.name}", record=record) as change:
        session = change.session
        change.detail["self_reviewed"] = demand_second_person(call, session, row)
        busy = work_under_way(session, row.name)
        if busy is not None and busy.kind == APPLYING:
            raise Busy("being_applied", "The decisions about this dataset are being applied.", f"See: {busy.id}")
        session.add(
            Review(
                dataset_id=row.id,
                record=record,
                decision=decision,
                boxes=boxes or [],
                reviewer_id=call.actor.user_id,
                self_reviewed=change.detail["self_reviewed"],
            )
        )
        session.flush()
        left = (held(one.folder) or {}).keys() - waiting(session, row).keys()
        if not left and busy is None:
            job = begin_applying(call, change, row)
    if job is not None:
        launch(call, job)
    return {
        "id": record,
        "dataset": row.name,
        "decision": None if decision == "undo" else decision,
        "boxes": boxes or [],
        "self_reviewed": change.detail["self_reviewed"],
        "undecided": len(left),
        "job": job,
    }


def demand_second_person(call: Call, session: Session, row: Any) -> bool:
    """Whether this is the uploader's own review, for want of another. Raises Denied where somebody else could look."""
    from medsynth_engine.operations.decisions import others_may_review

    if row.owner_id != call.actor.user_id:
        return False
    if others_may_review(session, row.owner_id):
        people = _shared_with(session, row)
        raise Denied(
            "needs_second_person",
            "You brought this dataset in, so another researcher reviews its pictures.",
            f"They can: {plain(', '.join(people), 300)}"
            if people
            else f"Share it: medsynth datasets share {row.name} USER",
        )
    return True


def _shared_with(session: Session, row: Any) -> list[str]:
    """The names of the researchers whom this dataset was given to and who can log in."""
    from db.tables import Dataset, DatasetShare, User

    versions = select(Dataset.id).where(Dataset.name == row.name)
    given = select(DatasetShare.user_id).where(col(DatasetShare.dataset_id).in_(versions))
    people = select(User.name).where(col(User.id).in_(given), User.role == "researcher", User.state == "active")
    return sorted(session.exec(people))


def begin_applying(call: Call, change: Recorded, row: Any, more: dict[str, dict[str, Any]] | None = None) -> str:
    """The job that makes the next version from the waiting decisions and `more`. Raises BadInput or Busy."""
    from medsynth_engine.operations.decisions import APPLYING, documents, waiting, work_under_way

    pictures = held(call.home.datasets / row.folder) or {}
    decisions = {**documents(waiting(change.session, row)), **(more or {})}
    decisions = {record: decision for record, decision in decisions.items() if record in pictures}
    if not decisions:
        raise BadInput("nothing_decided", "Nothing is decided that could be applied.", "See: medsynth review list")
    busy = work_under_way(change.session, row.name)
    if busy is not None:
        raise Busy("dataset_in_work", "Other work on this dataset is under way.", f"Wait for it: {busy.id}")
    subject = f"dataset:{row.name}"
    change.detail["decisions"] = len(decisions)
    return hand_over(call, change, APPLYING, subject, {"dataset_id": row.id, "decisions": decisions}, queue=subject)
