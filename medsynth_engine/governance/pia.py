"""What a privacy impact assessment asks: the ICO's seven steps as a table of data, with the answers we can give.

Sources: ICO, "How do we do a DPIA"; GDPR Art. 35(7); WP248 rev.01 Annex 2; CNIL PIA. A default may use the facts of
the subject in braces. `person_only` marks what nobody but a person knows: it may stay open for the audience internal.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One field of the assessment. `id` is `section.field`, as in the answers file."""

    id: str
    text: str
    default: str = ""
    person_only: bool = False


@dataclass(frozen=True)
class Step:
    number: int
    id: str
    title: str
    questions: tuple[Question, ...]


STEPS: tuple[Step, ...] = (
    Step(
        1,
        "need",
        "Identify the need",
        (
            Question("need.purpose", "What is the purpose, and who gains from it?", person_only=True),
            Question(
                "need.why_assessed",
                "Why is an assessment needed?",
                "Health data of {patients} was used to make what is assessed here; such data is of a special "
                "category (GDPR Art. 9), and learning a generator from it is new technology (Art. 35).",
            ),
        ),
    ),
    Step(
        2,
        "processing",
        "Describe the processing",
        (
            Question(
                "processing.nature",
                "What is done with the data?",
                "{nature} De-identification removes everything that is not pixels or an allow-listed, typed column; "
                "the fold of a patient never changes; held-out patients are seen by nothing but the final evidence.",
            ),
            Question(
                "processing.scope",
                "Which data, of how many people?",
                "{records} real records of {patients}; columns: {columns}; images: {images}.",
            ),
            Question("processing.source", "Where does the real data come from?", person_only=True),
            Question("processing.recipients", "Who receives the result, and under which agreement?", "{recipients}"),
            Question(
                "processing.retention",
                "How long is what kept?",
                "The release is recorded for ever with its digest. Real data stays in the store until the dataset is "
                "removed, which also removes the folds of its runs and lists what remains.",
            ),
        ),
    ),
    Step(
        3,
        "consultation",
        "Consider consultation",
        (
            Question(
                "consultation.people", "Were patients, clinicians or data subjects consulted? If not, why?", "", True
            ),
            Question(
                "consultation.experts",
                "Which experts gave advice?",
                "An auditor is asked for an opinion before this is decided; where none is given, the approver says "
                "why. Both are among the signatures.",
            ),
        ),
    ),
    Step(
        4,
        "necessity",
        "Assess necessity and proportionality",
        (
            Question("necessity.lawful_basis", "What is the lawful basis (GDPR Art. 6 and 9, or its equal)?", "", True),
            Question("necessity.ethics", "Which ethics approval or waiver covers this (reference)?", "", True),
            Question(
                "necessity.proportionate",
                "Does it achieve the purpose, and is there a less intrusive way?",
                "Synthetic records stand in for real ones where a task does not need real patients. Only the columns "
                "listed above take part.",
            ),
            Question(
                "necessity.quality",
                "How is function creep prevented and quality kept?",
                "The release bears this assessment's digest and the stamp that nobody computes p-values from it; "
                "evidence on fidelity, bias and utility is attached.",
            ),
            Question(
                "necessity.rights",
                "How are people's rights supported?",
                "Removing a patient means removing the dataset's version and training again; a generator cannot forget "
                "one patient. People are told by the institution's usual notices.",
            ),
        ),
    ),
    Step(
        5,
        "risks",
        "Identify and assess risks",
        (
            Question(
                "risks.identifiers",
                "Which identifiers were found and removed, which quasi-identifiers remain?",
                "Removed: {identifiers}. Remaining quasi-identifiers: {quasi}.",
            ),
            Question(
                "risks.scale",
                "How are risks scored?",
                "Likelihood 1-4 times severity 1-4: nine and above is high, four to eight medium, three and "
                "below low; severity 4 is never below medium (CNIL's scale). Likelihoods of the first five risks are "
                "proposed from the measured evidence and lowered only with a reason.",
            ),
        ),
    ),
    Step(
        6,
        "measures",
        "Identify measures to reduce the risks",
        (
            Question(
                "measures.technical",
                "Which technical measures are in place?",
                "De-identification by allow-list; split by patient; evidence against held-out patients; a release gate "
                "that refuses; an audit chain; discriminator, optimiser and training images never leave the store.",
            ),
            Question("measures.organisational", "Which organisational measures are in place?", "{organisational}"),
        ),
    ),
    Step(
        7,
        "outcome",
        "Sign off and record outcomes",
        (
            Question("outcome.owner", "Who owns the residual risks?", "", True),
            Question(
                "outcome.regulator_consulted",
                "Where a residual risk is high: was the regulator consulted? Yes, when and with what result; or no.",
                "",
            ),
            Question(
                "outcome.review",
                "When is this reviewed?",
                "After twelve months, or at once when the data, the model, the evaluation, the audience or the "
                "thresholds change: the assessment then no longer counts.",
            ),
        ),
    ),
)

QUESTIONS: dict[str, Question] = {question.id: question for step in STEPS for question in step.questions}

RECIPIENTS = {
    "internal": "Only people of this project, in this institution; nothing is handed on.",
    "recipient": "Named recipients under a written agreement that forbids re-identification and passing on.",
    "public": "Anybody.",
}
ORGANISATIONAL = {
    "internal": "Access needs a login and a role; author and approver are different people; every export is recorded.",
    "recipient": "A data use agreement with each recipient; author and approver are different people.",
    "public": "Author and approver are different people. Nothing can be asked of those who download it.",
}
NATURE = {
    "cohort": "A model learned from real records draws synthetic ones: rows and, where there are any, images.",
    "generator": "A model learned from real images and rows leaves as weights, from which anybody can draw.",
    "dataset": "Real, de-identified records are bundled for training on another machine; the bundle is real data.",
}
