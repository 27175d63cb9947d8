"""A cohort that another tool made comes in to be judged like our own."""

from __future__ import annotations

from typing import Any

from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.outside import named
from medsynth_engine.operations.datasets import newest
from medsynth_engine.operations.declare import Call, checked_name, operation
from medsynth_engine.operations.free_names import cohort_queue, demand_free_cohort
from medsynth_engine.operations.jobs import hand_over, launch
from medsynth_engine.operations.places import existing_path


class CohortImports:
    """The folder is read by a job only, hardened; it is never trusted."""

    @operation("cohorts.import", Permission.GENERATE, about="cohort")
    def cohorts_import(self, call: Call, cohort: str, folder: str, dataset: str) -> dict[str, Any]:
        """Take `folder` (metadata.csv, and images where there are any) over as `cohort`, to be compared with `dataset`.

        dataset   the dataset that it says it was made from. When it is evaluated, it is compared with all others too.
        """
        checked_name(cohort, "cohort")
        source = existing_path(call.home, folder)
        if not source.is_dir() or named(folder).is_symlink():
            raise BadInput("not_a_folder", "A cohort is one plain folder.", "Unpack it, and give the folder itself.")
        against = newest(call, dataset)
        with call.change(f"cohort:{cohort}", dataset=dataset) as change:
            demand_free_cohort(change.session, cohort)
            arguments = {"cohort": cohort, "dataset_id": against.id, "source": str(source)}
            job = hand_over(call, change, "import_cohort", f"cohort:{cohort}", arguments, queue=cohort_queue(cohort))
        launch(call, job)
        return {"job": job, "cohort": cohort}
