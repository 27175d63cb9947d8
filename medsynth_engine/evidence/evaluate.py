"""The whole evaluation: fidelity, privacy, bias, utility of one cohort, as a list of Evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from threadpoolctl import threadpool_limits

from medsynth_engine.evidence import fidelity, fidelity_rows, pictures
from medsynth_engine.evidence.bias import bias
from medsynth_engine.evidence.classes import k_map, l_diversity, t_closeness
from medsynth_engine.evidence.fidelity_groups import image_groups, row_groups
from medsynth_engine.evidence.identity import k_anonymity
from medsynth_engine.evidence.image_privacy import image_privacy
from medsynth_engine.evidence.inference import inference
from medsynth_engine.evidence.inputs import FOLDS, MOST, Inputs
from medsynth_engine.evidence.linkability import linkability
from medsynth_engine.evidence.membership import membership
from medsynth_engine.evidence.read_back import read_backs
from medsynth_engine.evidence.representation import Reference
from medsynth_engine.evidence.row_privacy import row_privacy
from medsynth_engine.evidence.seeing import seen_by
from medsynth_engine.evidence.singling_out import singling_out
from medsynth_engine.evidence.tables import columns, has, patients, some_patients
from medsynth_engine.evidence.tasks import image_task, row_task
from medsynth_engine.evidence.utility import learning_curve, usefulness
from medsynth_engine.evidence.victims import Victims
from medsynth_engine.kernel.errors import Interrupted
from medsynth_engine.kernel.evidence import Evidence

Progress = Callable[[int, int | None, str], None]


def _silent(_done: int, _total: int | None, _say: str) -> None:
    return


def evaluate(inputs: Inputs, progress: Progress = _silent, wanted: Callable[[], bool] = lambda: True) -> list[Evidence]:
    """Every measure that these inputs can carry, in the order fidelity, privacy, bias, utility.

    progress(done, total, say)  after each step; wanted() False raises Interrupted("cancelled").
    Measures of images are left out where there are none; a measure without enough data is there and says so.
    """
    steps = list(_steps(inputs, _thinned(inputs)))
    found: list[Evidence] = [*inputs.gathered]
    for done, step in enumerate(steps):
        if not wanted():
            raise Interrupted(
                "cancelled", "The evaluation was cancelled; nothing was kept.", "Start it again any time."
            )
        progress(done, len(steps), step.say)
        with threadpool_limits(limits=1, user_api="blas"):  # small matrices: threads would only wait
            found += step.measure(np.random.default_rng([inputs.seed, done]))
    progress(len(steps), len(steps), "done")
    families = ("fidelity", "privacy", "bias", "utility")
    return sorted(found, key=lambda evidence: families.index(evidence.name.split(".", 1)[0]))


@dataclass(frozen=True)
class _Step:
    say: str
    measure: Callable[[np.random.Generator], list[Evidence]]


def _thinned(inputs: Inputs) -> Inputs:
    """At most MOST rows of each fold, of whole patients at random."""
    rng = np.random.default_rng([inputs.seed, 1_000])
    for fold in FOLDS:
        table = inputs.table(fold)
        if len(table) > MOST:
            inputs = inputs.with_images_of_rows(fold, some_patients(patients(table), MOST, rng))
    return inputs


def _steps(whole: Inputs, inputs: Inputs) -> Iterator[_Step]:
    """`whole`: all that is known, in which copies are looked for; `inputs`: what everything else is measured on."""
    training, holdout, synthetic = (inputs.table(fold) for fold in FOLDS)
    shared = columns(inputs.schema, training, holdout, synthetic)
    all_of_them = Victims(whole.training, whole.holdout, whole.synthetic, shared)
    victims = Victims(training, holdout, whole.synthetic, shared)
    if whole.has_images:
        yield from _image_steps(whole)
    if shared:
        yield _Step("rows: fidelity", lambda rng: [fidelity_rows.pairwise(training, holdout, synthetic, shared, rng)])
        yield _Step("rows: fidelity of groups", lambda rng: row_groups([training, holdout, synthetic], shared, rng))
        yield _Step("rows: detection", lambda rng: [fidelity_rows.detection(training, holdout, synthetic, shared, rng)])
        yield _Step("rows: copies and membership", lambda rng: row_privacy(all_of_them, rng))
        yield _Step("rows: singling out", lambda rng: [singling_out(all_of_them, rng)])
        yield _Step("rows: linkability", lambda rng: [e for e in [linkability(victims, rng)] if e is not None])
        yield _Step("rows: inference", lambda rng: [inference(victims, rng)])
    yield _Step(
        "classes of patients",
        lambda rng: [
            k_anonymity(training),
            k_map(training, inputs.population, inputs.population_n),
            l_diversity(training),
            t_closeness(training),
        ],
    )
    reference = Reference(inputs.population, inputs.population_name)
    yield _Step("bias", lambda rng: bias(training, holdout, synthetic, reference, rng))
    if has("finding", training, holdout, synthetic) and len(shared) >= 2:
        prefix = "utility.rows." if inputs.has_images else "utility."
        task = cache(lambda: row_task(training, holdout, synthetic, shared))
        yield _Step("rows: utility", lambda rng: usefulness(task(), rng, prefix))
        yield _Step("rows: learning curve", lambda rng: learning_curve(task(), rng, prefix))


def _image_steps(inputs: Inputs) -> Iterator[_Step]:
    """The steps on images share what is measured in the first one."""
    tables = {fold: inputs.table(fold) for fold in FOLDS}
    seen: dict[str, pictures.Pictures] = {}
    scaled: dict[str, np.ndarray] = {}

    def measure(rng: np.random.Generator) -> list[Evidence]:
        seen.update(pictures.pictures(inputs, MOST, rng, _silent))
        scaled.update(pictures.scaled(seen))
        return []

    def close(rng: np.random.Generator) -> list[Evidence]:
        return image_privacy(seen, scaled, rng)

    def member(rng: np.random.Generator) -> list[Evidence]:
        spaces = [(seen[fold].pixels, scaled[fold]) for fold in FOLDS[:2]]
        spaces.append((seen["synthetic"].every.pixels, scaled["synthetic"]))
        owners = seen["training"].owners, seen["holdout"].owners
        return membership("image", spaces[0], spaces[1], spaces[2], owners[0], owners[1], rng)

    def like(rng: np.random.Generator) -> list[Evidence]:
        owners = [seen[fold].owners for fold in FOLDS]
        features = fidelity.Features(*(scaled[fold] for fold in FOLDS), *owners)
        rows = [tables[fold].iloc[seen[fold].rows] for fold in FOLDS]
        return [*fidelity.fidelity(features, rng), *image_groups(features, rows, rng)]

    def like_encoded(rng: np.random.Generator) -> list[Evidence]:
        assert inputs.encoder is not None
        features, space = seen_by(inputs.encoder, inputs, seen)
        return fidelity.fidelity(features, rng, space)

    def use(rng: np.random.Generator) -> list[Evidence]:
        if min(len(seen[fold]) for fold in FOLDS) == 0:
            return []
        found = []
        if has("finding", *tables.values()):
            task = image_task(seen, scaled, tables, "finding")
            found += [*usefulness(task, rng, "utility."), *learning_curve(task, rng, "utility.")]
        return found + read_backs(seen, scaled, tables, inputs.schema, rng)

    yield _Step("images: features", measure)
    yield _Step("images: fidelity", like)
    if inputs.encoder is not None:
        yield _Step("images: fidelity to the site's encoder", like_encoded)
    if (network := inputs.inception) is not None:
        from medsynth_engine.evidence.fidelity_inception import inception_distance  # torchvision takes a second

        yield _Step("images: FID", lambda rng: [inception_distance(seen, network, rng)])
    yield _Step("images: copies", close)
    yield _Step("images: membership", member)
    yield _Step("images: utility", use)
