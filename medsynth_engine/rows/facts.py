"""Rules that hold in every hospital, as data: matched with the values and names of the table at hand.

Sex-specific findings by their stems, ages that nobody has, and units: limits of what is measured in living people, wide
enough that only a wrong unit or a slip lies outside (limits of adult and paediatric charts, rounded outwards).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OfSex:
    """Values in which one of `stems` is found belong to one sex."""

    name: str
    sex: str
    stems: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Limits:
    """A column whose name is one of `names` (letters and digits, lower case) lies between low and high."""

    name: str
    names: tuple[str, ...]
    low: float
    high: float
    sentence: str


SEX = (
    OfSex("prostate", "M", ("prostat",), "Findings of the prostate are a man's."),
    OfSex("testis", "M", ("testic", "testis", "seminoma", "scrot", "penile"), "Findings of the testis are a man's."),
    OfSex("ovary", "F", ("ovarian", "ovary"), "Findings of the ovary are a woman's."),
    OfSex("uterus", "F", ("uter", "endometri", "cervical cancer", "myoma"), "Findings of the uterus are a woman's."),
    OfSex("pregnancy", "F", ("pregnan", "gestation", "eclampsia"), "Pregnancy is a woman's."),
)
LIMITS = (
    Limits("age", ("age", "ageyears", "ageatdiagnosis"), 0, 120, "Ages lie between 0 and 120 years."),
    Limits("temperature", ("temperature", "bodytemperature", "temp"), 25, 45, "Temperature is in Celsius, 25 to 45."),
    Limits("height", ("height", "heightcm", "bodyheight"), 20, 250, "Height is in centimetres, 20 to 250."),
    Limits("weight", ("weight", "weightkg", "bodyweight"), 0.3, 500, "Weight is in kilograms, 0.3 to 500."),
    Limits("bmi", ("bmi", "bodymassindex"), 5, 150, "The body mass index lies between 5 and 150."),
    Limits("heart rate", ("heartrate", "hr", "pulse", "thalach"), 10, 350, "The heart rate lies between 10 and 350."),
    Limits("saturation", ("spo2", "saturation", "oxygensaturation"), 0, 100, "Saturation is in percent, 0 to 100."),
    Limits(
        "ejection fraction", ("ejectionfraction", "lvef", "ef"), 1, 95, "The ejection fraction is in percent, 1 to 95."
    ),
    Limits("systolic", ("systolic", "sbp", "trestbps"), 30, 320, "Systolic pressure lies between 30 and 320."),
    Limits("diastolic", ("diastolic", "dbp", "diastolicbp"), 10, 220, "Diastolic pressure lies between 10 and 220."),
)
ORDERS = (
    (
        ("diastolic", "dbp", "diastolicbp"),
        ("systolic", "sbp", "systolicbp"),
        "Diastolic is not above systolic.",
    ),
)
"""Names of a number that is never above another one."""
