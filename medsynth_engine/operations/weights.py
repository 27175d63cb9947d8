"""Generators that can be used: those of runs, and files that came from elsewhere."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from db.tables import new_id
from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.errors import BadInput, NotFound
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.outside import named
from medsynth_engine.operations import subjects
from medsynth_engine.operations.declare import Call, checked_name, operation
from medsynth_engine.operations.free_names import demand_free_run
from medsynth_engine.operations.jobs import hand_over, launch
from medsynth_engine.operations.places import existing_path
from medsynth_engine.operations.way_out import demand_open, target_folder


def own_weights(call: Call, name: str) -> Any:
    """The row of these weights. Raises NotFound or Denied."""
    from db.tables import Weights as Row

    with call.read() as session:
        row = session.get(Row, name)
    if row is None:
        raise NotFound("no_such_weights", f"There are no weights {plain(name)!r}.", "See: medsynth weights list")
    call.require_own(row, "generator")
    return row


def _weights_path(call: Call, path: str) -> Path:
    """A weights file from outside, or one placed by hand in the weights folder; never somebody's own there."""
    from db.tables import Weights as Row

    source = existing_path(call.home, path)
    if source.parent == call.home.weights.resolve():
        with call.read() as session:
            if session.get(Row, source.stem):
                raise BadInput("known_weights", "These weights are known already.", "See: medsynth weights list")
    return source


class Weights:
    """A file of weights is read by a job only, hardened; here is what was found in it."""

    @operation("weights.list", Permission.GENERATE)
    def weights_list(self, call: Call) -> list[dict[str, Any]]:
        from db.tables import Weights as Row
        from medsynth_engine.operations.found_weights import take_in_placed

        take_in_placed(call)
        with call.read() as session:
            rows = session.exec(select(Row).order_by(col(Row.created_at).desc())).all()
        return [_shown(row) for row in rows if row.owner_id == call.actor.user_id]

    @operation("weights.show", Permission.GENERATE, about="name")
    def weights_show(self, call: Call, name: str) -> dict[str, Any]:
        row = own_weights(call, name)
        return {**_shown(row), "document": row.document}

    @operation("weights.import", Permission.GENERATE, about="name")
    def weights_import(self, call: Call, path: str, name: str | None = None) -> dict[str, Any]:
        source = _weights_path(call, path)
        if not source.is_file() or named(path).is_symlink():
            raise BadInput("not_a_file", "Weights are one plain file.", "Give the .pth file itself, not a link.")
        name = checked_name(name or source.stem, "generator")
        with call.change(f"generator:{name}") as change:
            demand_free_run(call.home, change.session, name)
            job = hand_over(call, change, "import_weights", f"generator:{name}", {"name": name, "source": str(source)})
        launch(call, job)
        return {"job": job, "weights": name}

    @operation("weights.export", Permission.EXPORT, fresh=True, about="name")
    def weights_export(
        self, call: Call, name: str, audience: str = "internal", to: str | None = None
    ) -> dict[str, Any]:
        """Whoever holds a generator draws as many records as they like: the gate judges that scenario."""
        target = target_folder(call, to)
        own_weights(call, name)
        with call.read() as session:
            found = subjects.find(session, f"generator:{name}")
        judged = demand_open(call, found, audience, "weights.export")
        arguments = {
            "name": name,
            "audience": audience,
            "target": str(target),
            "folder": f"{name}-{audience}-{time.strftime('%Y%m%d-%H%M%S')}-{new_id()[:4]}",
        }
        with call.change(f"generator:{name}", audience=audience, marks=list(judged.marks), begun=True) as change:
            job = hand_over(call, change, "export_weights", f"generator:{name}", arguments)
        launch(call, job)
        return {"job": job, "weights": name}


def _shown(row: Any) -> dict[str, Any]:
    keys = ("resolution", "channels", "conditions", "trained_on", "preset")
    return {
        "name": row.name,
        **{key: row.document.get(key) for key in keys},
        "origin": row.origin,
        "digest": row.digest,
        "created": row.created_at.isoformat(timespec="seconds"),
    }
