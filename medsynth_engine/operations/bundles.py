"""A dataset leaves for a bigger machine, encrypted and through the gate; what was trained there comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from db.tables import new_id
from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.errors import BadInput, Busy
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.outside import named
from medsynth_engine.operations import subjects
from medsynth_engine.operations.datasets import newest
from medsynth_engine.operations.declare import Call, checked_name, operation
from medsynth_engine.operations.free_names import demand_free_run
from medsynth_engine.operations.jobs import hand_over, launch
from medsynth_engine.operations.places import existing_path
from medsynth_engine.operations.run_checks import check_training
from medsynth_engine.operations.way_out import demand_open, target_folder

MOST_DAYS = 365
DEFAULT_MINUTES = 60.0


class Bundles:
    """The round trip: `bundle`, and `runs import` for what comes back."""

    @operation("datasets.bundle", Permission.BUNDLE, fresh=True, about="dataset")
    def bundle(
        self,
        call: Call,
        dataset: str,
        recipient: str = "",
        purpose: str = "",
        preset: str = "auto",
        minutes: float | None = None,
        kimg: float | None = None,
        days: int = 30,
        key: str | None = None,
        to: str | None = None,
    ) -> dict[str, Any]:
        """`key` is a recipient's (`age1…`); without one a pair is made, and its secret half is told once, as `key`."""
        from medsynth_engine.kernel import age

        row = newest(call, dataset)
        call.require_owner(row, "dataset")
        check_training(row.summary, preset, minutes, kimg, "auto", 0)
        if not recipient.strip() or not purpose.strip():
            raise BadInput(
                "recipient_missing",
                "A bundle holds real images: say who gets it, and what for.",
                'Add: --recipient "who" --purpose "what for"',
            )
        if not 1 <= days <= MOST_DAYS:
            raise BadInput("bad_days", f"A bundle may be used for 1 to {MOST_DAYS} days.", "For instance: --days 30")
        secret, public = (None, age.check_recipient(key)) if key else age.new_identity()
        target = target_folder(call, to)
        if (target / "dataset.zip").exists():
            raise Busy("bundle_exists", "There is a dataset.zip in that folder already.", "Move it away, or use --to.")
        with call.read() as session:
            found = subjects.find(session, f"dataset:{dataset}")
        demand_open(call, found, "recipient", "datasets.bundle")
        now = datetime.now(UTC)
        arguments = {
            "bundle": new_id(),
            "dataset_id": row.id,
            "dataset": dataset,
            "preset": preset,
            "budget": {"kimg": kimg} if kimg else {"minutes": minutes or DEFAULT_MINUTES},
            "recipient": plain(recipient, 200),
            "purpose": plain(purpose, 500),
            "made": now.date().isoformat(),
            "expires": (now + timedelta(days=days)).date().isoformat(),
            "key": public,
            "target": str(target),
        }
        said = {name: arguments[name] for name in ("bundle", "recipient", "purpose", "expires")}
        with call.change(f"dataset:{dataset}", **said, begun=True) as change:
            job = hand_over(call, change, "bundle", f"dataset:{dataset}", arguments)
        launch(call, job)
        return {"job": job, "dataset": dataset, "key": secret, "recipient_key": public, "expires": arguments["expires"]}

    @operation("runs.import", Permission.TRAIN, about="name")
    def runs_import(self, call: Call, path: str, name: str | None = None, deleted: bool = False) -> dict[str, Any]:
        """deleted  the recipient has given their word that images, checkpoints and key are deleted over there"""
        source = existing_path(call.home, path)
        if named(path).is_symlink():
            raise BadInput("not_a_file", "A link is not taken in.", "Give the folder or the zip itself.")
        name = checked_name(name or source.stem, "run")
        with call.change(f"run:{name}", deletion_confirmed=deleted) as change:
            demand_free_run(call.home, change.session, name)
            arguments = {"run": name, "source": str(source), "deleted": deleted}
            job = hand_over(call, change, "import_run", f"run:{name}", arguments)
        launch(call, job)
        return {"job": job, "run": name}
