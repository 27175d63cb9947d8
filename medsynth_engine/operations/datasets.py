"""Bringing real images and tables in, and looking at what was taken."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, func, select

from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.text.state import sentence, text_of, text_waits
from medsynth_engine.kernel.errors import BadInput, NotFound, name_taken
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.declare import Call, checked_name, operation
from medsynth_engine.operations.jobs import hand_over, launch
from medsynth_engine.operations.places import existing_path, new_file, write_new_text
from medsynth_engine.operations.removal import remove_dataset
from medsynth_engine.operations.thumbnails import checked_gallery, thumbnail

OR_APPEND = "Choose another name, or --append."
CHOICES = {"slices", "axis", "series", "faces", "dates", "burned_in", "append"}
"""What an intake may be told besides its source and its table."""


def newest(call: Call, name: str) -> Any:
    """The newest version of dataset `name` that the actor may see. Raises NotFound or Denied."""
    from db.tables import Dataset, DatasetShare

    with call.read() as session:
        row = session.exec(
            select(Dataset)
            .where(Dataset.name == name, Dataset.state == "present")
            .order_by(col(Dataset.version).desc())
        ).first()
        if row is None:
            raise NotFound("no_such_dataset", f"There is no dataset {plain(name)!r}.", "See: medsynth datasets list")
        versions = select(Dataset.id).where(Dataset.name == name)
        shared = session.exec(
            select(DatasetShare).where(
                col(DatasetShare.dataset_id).in_(versions),
                DatasetShare.user_id == call.actor.user_id,
            )
        ).first()
    call.require_own(row, "dataset", shared=shared is not None)
    return row


def usable(call: Call, dataset_id: str) -> str:
    """The id of a dataset that the actor may (still) use. Raises NotFound or Denied."""
    from db.tables import Dataset

    with call.read() as session:
        row = session.get(Dataset, dataset_id)
    if row is None or row.state != "present":
        raise NotFound("dataset_removed", "The dataset behind this was removed.", "Bring it in again.")
    newest(call, row.name)
    return row.id


class Datasets:
    """A dataset is real: everything here is permitted and logged."""

    @operation("datasets.scan", Permission.BRING_IN)
    def datasets_scan(
        self,
        call: Call,
        path: str,
        metadata: str | None = None,
        columns: dict[str, str] | None = None,
        where: dict[str, str] | None = None,
        characteristics: list[str] | None = None,
        **choices: Any,
    ) -> dict[str, Any]:
        """choices: slices, axis, series, faces, dates, burned_in, as in `intake.options.Options`."""
        arguments = _intake_arguments(call, "scan", path, metadata, columns, where, characteristics, choices)
        with call.change("dataset:scan") as change:
            job = hand_over(call, change, "scan", "scan", arguments)
        launch(call, job)
        return {"job": job}

    @operation("datasets.add", Permission.BRING_IN, about="name")
    def datasets_add(
        self,
        call: Call,
        name: str,
        path: str,
        metadata: str | None = None,
        columns: dict[str, str] | None = None,
        where: dict[str, str] | None = None,
        characteristics: list[str] | None = None,
        append: bool = False,
        **choices: Any,
    ) -> dict[str, Any]:
        """choices: as in `datasets_scan`. With `append` the name may be taken: a new version is made."""
        from db.tables import Dataset

        checked_name(name, "dataset")
        choices["append"] = append
        arguments = _intake_arguments(call, name, path, metadata, columns, where, characteristics, choices)
        with call.change(f"dataset:{name}") as change:
            taken = change.session.exec(
                select(Dataset)
                .where(func.lower(Dataset.name) == name.lower(), Dataset.state == "present")
                .order_by(col(Dataset.version).desc())
            ).first()
            if taken is not None and not append:
                raise name_taken("a dataset", name, OR_APPEND)
            if taken is None and append and not _coming(change.session, name):
                raise NotFound(
                    "no_such_dataset", f"There is no dataset {name!r} to add to.", "Leave out --append to make it."
                )
            if taken is not None:
                call.require_owner(taken, "dataset")
                name = arguments["name"] = taken.name  # one queue for one dataset, however its name was typed
                change.object_ = f"dataset:{name}"
            # What was meant when this was asked: the job finds another dataset of that name to be another one.
            arguments["earlier"] = taken.id if taken is not None else None
            job = hand_over(call, change, "intake", f"dataset:{name}", arguments, queue=f"dataset:{name}")
        launch(call, job)
        return {"job": job, "dataset": name}

    @operation("datasets.list", Permission.READ_REPORTS)
    def datasets_list(self, call: Call) -> list[dict[str, Any]]:
        from db.tables import Dataset, DatasetShare, User

        with call.read() as session:
            owners = {user.id: user.name for user in session.exec(select(User))}
            shared = set(
                session.exec(select(DatasetShare.dataset_id).where(DatasetShare.user_id == call.actor.user_id))
            )
            rows = session.exec(
                select(Dataset).where(Dataset.state == "present").order_by(col(Dataset.created_at).desc())
            ).all()
        shared_names = {row.name for row in rows if row.id in shared}
        found, seen = [], set()
        for row in rows:
            if row.name in seen or not (
                call.scope is Scope.ALL or row.owner_id == call.actor.user_id or row.name in shared_names
            ):
                continue
            seen.add(row.name)
            keys = ("patients", "train", "validation", "holdout")
            found.append(
                {
                    "dataset": row.name,
                    "version": row.version,
                    "owner": owners.get(row.owner_id, ""),
                    "records": _records(row.summary),
                    "quarantined": row.summary.get("quarantined"),
                    **{key: row.summary.get(key) for key in keys},
                    "images": bool((row.summary.get("schema") or {}).get("image")),
                    "text_waits": text_waits(row.summary),
                    "created": row.created_at.isoformat(timespec="seconds"),
                }
            )
        return found

    @operation("datasets.show", Permission.READ_REPORTS, about="name")
    def datasets_show(self, call: Call, name: str) -> dict[str, Any]:
        return _shown(newest(call, name))

    @operation("datasets.report", Permission.READ_REPORTS, about="name")
    def datasets_report(self, call: Call, name: str, path: str) -> dict[str, Any]:
        """The intake's report as one HTML file. It holds counts, never a value of a patient."""
        from medsynth_engine.intake.report.report_page import html

        document = _shown(newest(call, name))
        target = new_file(call.home, path, "report")
        with call.change(f"dataset:{name}", version=document["version"]):
            write_new_text(target, "report", html(document))
        return {"dataset": name, "path": str(target)}

    @operation("datasets.gallery", Permission.SEE_IMAGES, about="name")
    def datasets_gallery(self, call: Call, name: str, count: int = 12, size: int = 32) -> dict[str, Any]:
        count, size = checked_gallery(count, size)
        row = newest(call, name)
        files = sorted((call.home.datasets / row.folder / "images").glob("*.png"))
        if not files:
            raise NotFound("no_images", "This dataset has no images.", "It is a table alone.")
        stride = max(1, len(files) // max(1, count))
        chosen = files[::stride][:count]
        with call.change(f"dataset:{name}", images=len(chosen)):
            pass  # looking at a real image is an event of its own
        return {"images": [{"record": file.stem, **thumbnail(file, size)} for file in chosen]}

    @operation("datasets.share", Permission.BRING_IN, about="name")
    def datasets_share(self, call: Call, name: str, user: str) -> dict[str, Any]:
        from db.tables import DatasetShare
        from medsynth_engine.access import users

        row = newest(call, name)
        call.require_owner(row, "dataset")
        with call.change(f"dataset:{name}", with_=user) as change:
            try:
                colleague = users.by_name(change.session, user)
            except NotFound as error:
                raise NotFound(error.code, error.message, "Check the spelling; an admin knows who there is.") from None
            if colleague.role != "researcher":
                raise BadInput("not_a_researcher", "Datasets are shared with researchers.", "Name a researcher.")
            if colleague.id == row.owner_id:
                raise BadInput("already_yours", "The dataset is yours already.", "Name another researcher.")
            change.session.merge(DatasetShare(dataset_id=row.id, user_id=colleague.id, shared_by=call.actor.user_id))
        return {"dataset": name, "shared_with": user}

    @operation("datasets.remove", Permission.BRING_IN, fresh=True, about="name")
    def datasets_remove(self, call: Call, name: str) -> dict[str, Any]:
        row = newest(call, name)
        call.require_owner(row, "dataset")
        return remove_dataset(call, row)


def _coming(session: Any, name: str) -> bool:
    """Whether an intake that makes a dataset of this name is under way: what is appended meanwhile comes after it."""
    from db.tables import Job

    subject = func.lower(Job.subject) == f"dataset:{name}".lower()
    alive = col(Job.state).in_(("queued", "running", "paused", "interrupted"))
    return session.exec(select(Job.id).where(subject, Job.kind == "intake", alive)).first() is not None


def _records(summary: dict[str, Any]) -> int | None:
    """Accepted records of the whole version; what an intake says it accepted are those of its own source."""
    folds = [int(summary[fold]) for fold in ("train", "validation", "holdout") if summary.get(fold) is not None]
    return sum(folds) if len(folds) == 3 else summary.get("accepted")


def _shown(row: Any) -> dict[str, Any]:
    return {
        **row.summary,
        "text_check": sentence(text_of(row.summary)),
        "text_waits": text_waits(row.summary),
        "dataset": row.name,
        "version": row.version,
        "digest": row.digest,
        "created": row.created_at.isoformat(timespec="seconds"),
    }


def _intake_arguments(
    call: Call,
    name: str,
    path: str,
    metadata: str | None,
    columns: dict[str, str] | None,
    where: dict[str, str] | None,
    characteristics: list[str] | None,
    choices: dict[str, Any],
) -> dict[str, Any]:
    unknown = set(choices) - CHOICES
    if unknown:
        raise BadInput(
            "unknown_choice", f"An intake has no choice {plain(min(unknown))!r}.", "See: datasets add --help"
        )
    choices["series"] = tuple(choices.get("series") or ())
    chosen = Options.of(
        name=name,
        metadata=existing_path(call.home, metadata, "the path of the metadata table") if metadata else None,
        columns=columns or {},
        where=where or {},
        characteristics=tuple(characteristics or ()),
        **choices,
    )
    return {**chosen.document(), "source": str(existing_path(call.home, path, "the path of the images or table"))}
