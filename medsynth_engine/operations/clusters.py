"""Which clusters a training can be sent to: what `data/cluster.toml` names."""

from __future__ import annotations

from typing import Any

from medsynth_engine.access.roles import Permission
from medsynth_engine.jobs.cluster_file import names
from medsynth_engine.operations.declare import Call, operation


class Clusters:
    """The file is read, no cluster is asked."""

    @operation("runs.clusters", Permission.TRAIN)
    def runs_clusters(self, call: Call) -> dict[str, Any]:
        """What `train` takes as `cluster`. Raises BadInput where the file cannot be used."""
        return {"clusters": names(call.home)}
