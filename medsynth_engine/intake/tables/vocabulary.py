"""Words that name nobody: of medicine and of everyday levels. Text in a column that nobody mapped must consist of them.

The words of medicine are those of pydicom's concept dictionaries (PS3.16) in small letters, for in capitals stand
breeds, places and people as well, and those of its data dictionary (PS3.6). No month and no weekday is among them.
"""

from __future__ import annotations

import re
from functools import cache

from medsynth_engine.intake.tables import shapes
from medsynth_engine.intake.tables.folding import folded
from medsynth_engine.intake.tables.given_names import GIVEN_NAMES
from medsynth_engine.intake.tables.guesses import ETHNICITIES
from medsynth_engine.intake.tables.surnames import SURNAMES
from medsynth_engine.intake.tables.words import FALSE_WORDS, TRUE_WORDS, listed

SHORT = 3
"""Letters. Words of so many are abbreviations, and are known."""
EVERYDAY = listed(
    """
    none never former formerly current currently always often rarely sometimes ever past previous recent unknown
    other others another married single widowed divorced separated partnered steady down stable better worse
    improved same changed unchanged increased decreased high higher highest medium low lower lowest positive
    negative equivocal borderline indeterminate inconclusive alive dead deceased died survived discharged
    transferred public private emergency elective urgent routine planned trauma newborn mild moderate moderately
    severe severely slight strong weak minimal marked extensive absent present partial complete incomplete total
    subtotal normal abnormal norm atypical typical visible invisible clear unclear possible probable likely unlikely
    definite certain uncertain suspected confirmed would been have stated left right both bilateral unilateral
    midline central peripheral upper lower middle front back anterior posterior proximal distal regional local
    localized localised brown gray grey green blue yellow pink purple violet orange white black red dark light pale
    blond blonde female male woman man diverse nonbinary child adult elderly young pediatric baseline followup
    follow visit screening control case placebo treated untreated treatment active passive inactive smoker nonsmoker
    drinker obese overweight underweight vegetarian first second third fourth fifth sixth primary secondary tertiary
    education university college employed unemployed retired student homemaker rural urban urbanised yes true false
    good fair poor excellent very well poorly undifferentiated differentiated anaplastic grade stage class type
    level group arm cohort set train training test testing validation holdout fold split form ward felt again seen
    from with without after before during caused due fall standard regular irregular fixed mobile soft hard solid
    liquid cystic mixed small large larger smaller medium tiny huge short long thin thick round oval flat raised
    smooth rough early late acute chronic subacute recurrent relapse remission progression response responder
    nonresponder home hospice rehabilitation outpatient inpatient hospital insured uninsured confocal consensus
    histo histology histopathology biopsy cytology serial imaging ja nein nie niemals früher ehemals aktuell ledig
    verheiratet verwitwet geschieden getrennt gut besser schlecht schlechter stabil links rechts beidseits
    beidseitig oben unten mitte hoch mittel niedrig leicht mittelschwer schwer stark schwach gering gesund krank
    lebend lebt verstorben positiv negativ unauffällig auffällig männlich weiblich divers raucher nichtraucher
    exraucher notfall geplant stationär ambulant klein groß gross andere anderes sonstige keine kein rot blau grün
    gelb braun schwarz weiß weiss grau jamais ancien actuel marié mariée célibataire veuf veuve divorcé divorcée
    gauche droite droit bilatéral stable mieux pire aucun aucune autre autres homme femme positif négatif normale
    léger légère modéré modérée sévère élevé faible fumeur vivant décédé urgence bleu vert rouge noir blanc nunca
    casado casada soltero soltera viudo viuda divorciado izquierda izquierdo derecha derecho ninguno ninguna otro
    otra otros hombre mujer positivo negativo leve moderado moderada grave alto bajo fumador vivo muerto urgencia
    rojo azul verde negro blanco
    """
)
MEDICAL = listed(
    """
    acral akiec vasc tumor tumour tumors tumours slice covid sars ards pneumonia influenza klebsiella legionella
    lipoid mycoplasma pneumocystis streptococcus staphylococcus varicella coli bacterial viral fungal nevus naevus
    melanoma carcinoma adenocarcinoma sarcoma lymphoma leukemia leukaemia glioma astrocytoma oligoastrocytoma
    oligodendroglioma glioblastoma keratosis squamous basal ductal lobular papillary mucinous inflammatory
    metastatic metastasis metastases benign malignant edema oedema anaemia anemia oncology hematology haematology
    emergency practice pediatrics paediatrics orthopedics orthopaedics obstetrics obstetricsand gynecology
    gynaecology medicineand rehabilitation reconstructive neuro cardio psychology podiatry radiologist pathologist
    surgeon internal general family cardiology radiology surgery monochrome palette color colour full rgb rtplan
    rtdose rtstruct axial coronal sagittal oblique supine prone erect standing lateral portable morbus crohn basedow
    syndrome disease infection diabetes hypertension asthma copd stroke infarction fibrillation angina asymptomatic
    symptomatic typical nonanginal anginal upsloping downsloping reversible defect fixed hypertrophy insulin oral
    diet metformin aspirin statin chemotherapy radiotherapy radiation immunotherapy hormone hormonal premenopausal
    postmenopausal menopausal luminal enriched caucasian hispanic latino latina asian african american indian native
    alaska hawaiian pacific islander multiracial fracture befund lunge herz niere leber haut kopf bauch hand fuß
    fuss knie hüfte becken schulter poumon coeur foie rein peau tête genou hanche pulmón corazón hígado riñón piel
    cabeza rodilla cadera
    """
)
_ENDING = re.compile(
    r"\w{4,}(blastoma|carcinoma|sarcoma|cytoma|itis|osis|aemia|emia|uria|ology|ectomy|ostomy|otomy|opathy|plasty|scopy|"
    r"graphy|plasia|plegia|trophy|algia|therapy|genic|cytic|vascular|cardiac|pulmonary|surgery|surgical|"
    r"mab|nib|statin|pril|sartan|olol|azole|cillin|mycin|floxacin|formin|gliptin|gliflozin|xaban|parin|oxifen|platin|"
    r"taxel|rubicin|prazole|ozole)"
)
"""Endings of medicine, and stems of international nonproprietary names (WHO)."""
_NO_WORDS = listed(
    "january february march april june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday januar februar märz juni juli oktober dezember montag dienstag mittwoch "
    "donnerstag freitag samstag sonntag boston texas cleveland berlin"
)
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_HUMP = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_ROMAN = re.compile(r"[ivx]+[a-c]?\d?")
_UNSPACED = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_LETTERS = re.compile(r"[^\W\d_]+")


@cache
def _everyday() -> frozenset[str]:
    return frozenset(map(folded, EVERYDAY | MEDICAL | ETHNICITIES | TRUE_WORDS | FALSE_WORDS))


@cache
def _medical() -> frozenset[str]:
    """About 5,000 words; read when one is asked for that is none of every day (0.3 s)."""
    from pydicom.datadict import DicomDictionary
    from pydicom.sr import _concepts_dict

    concepts: dict[str, dict[str, dict[str, tuple[str, list[int]]]]] = _concepts_dict.concepts  # type: ignore[assignment]
    meanings = (one[0] for scheme in concepts.values() for found in scheme.values() for one in found.values())
    words = {word for meaning in meanings for word in _LETTERS.findall(meaning) if word.islower()}
    words |= {word.lower() for entry in DicomDictionary.values() for word in _LETTERS.findall(entry[2])}
    return frozenset(map(folded, words)) - SURNAMES - GIVEN_NAMES - _NO_WORDS


def is_known(word: str) -> bool:
    """Whether a word of letters names nobody: it is short, or one of every day or of medicine."""
    if _UNSPACED.search(word):
        return False
    spelled = folded(word)
    return (
        len(spelled) <= SHORT
        or spelled in _everyday()
        or bool(_ROMAN.fullmatch(spelled))
        or (len(spelled) > 7 and bool(_ENDING.fullmatch(spelled)))
        or spelled in _medical()
    )


def strange(text: str, eponyms: bool = False) -> bool:
    """Whether a word of the text is not known. Words with a digit are codes, and others look at those.

    eponyms  a name beside a word such as `syndrome` or `sign`, or of three parts (`Charcot-Marie-Tooth`), is known
    """
    tokens = [word for word in _TOKEN.findall(text[: shapes.LONGEST_SHAPE]) if not any(map(str.isdigit, word))]
    words = [part for token in tokens for part in _HUMP.split(token)]
    unknown = {word for word in words if not is_known(word)}
    if unknown and eponyms:
        return shapes.has_name(text, lambda word: bool(unknown.intersection(_parts(word))))
    return bool(unknown)


def _parts(word: str) -> list[str]:
    return [part for token in _TOKEN.findall(word) for part in _HUMP.split(token)]
