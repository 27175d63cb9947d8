"""What the name of a column says that it holds: the words by which each kind of identifier is called."""

from __future__ import annotations

import re

from medsynth_engine.intake.tables.words import listed

_WORDS = re.compile(r"[A-ZÄÖÜÉ]?[a-zà-ÿ]+|[A-ZÄÖÜÉ]+(?![a-zà-ÿ])|\d+")

NAME_WORDS: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "names",
        listed(
            "name names surname firstname lastname forename maiden initials physician doctor operator "
            "radiologist referrer nurse mother father spouse contact author reader clinician surgeon nachname vorname "
            "nom prenom prénom nombre apellido apellidos cognome nome arzt médecin medecin relative relatives employer "
            "attending consultant seen by login team zuweiser"
        ),
    ),
    (
        "dates",
        listed(
            "date dates datetime dob yob birthday birthdate birthyear birth timestamp admitted discharged datum "
            "geburtsdatum geburtsjahr geburtstag jahrgang geb naissance nacimiento fecha nascita doy jg gebj byear "
            "birthyr"
        ),
    ),
    ("email_addresses", listed("email mail emailaddress")),
    ("ip_addresses", listed("ip ipaddress mac ipv4 ipv6")),
    (
        "geography",
        listed(
            "address street city town village zip zipcode postcode postal county location hospital institution "
            "site clinic ward geocode latitude longitude lat lon lng gps coordinates place residence parish precinct "
            "plz ort wohnort adresse anschrift strasse straße postleitzahl krankenhaus klinik ville rue ciudad calle "
            "neighborhood neighbourhood census gemeinde stadt kreis ctr center centre school"
        ),
    ),
    ("phone_numbers", listed("phone telephone tel telefon cellphone")),
    ("fax_numbers", listed("fax telefax")),
    ("phone_numbers", listed("pager")),
    ("social_security_numbers", listed("ssn nhs nino nir socialsecurity socialsecuritynumber")),
    ("record_numbers", listed("mrn medicalrecord accession hospitalnumber chart fallnummer patientennummer")),
    (
        "health_plan_numbers",
        listed("insurance policy beneficiary medicaid medicare member subscriber healthplan versicherung payerid"),
    ),
    ("account_numbers", listed("account iban card creditcard konto")),
    ("licence_numbers", listed("license licence certificate npi dea passport permit")),
    ("vehicle_identifiers", listed("plate vin vehicle kennzeichen licenseplate licenceplate")),
    ("device_identifiers", listed("serial device imei station udi pacemakerserial")),
    ("urls", listed("url uri link href website homepage doi")),
    ("biometrics", listed("fingerprint fingerprints voiceprint biometric biometrics faceprint iriscode")),
    ("faces", listed("photo photograph photographs portrait selfie mugshot facephoto")),
    ("file_names", listed("filename file filepath folder directory")),
    ("other_identifiers", listed("id ids uid uuid guid identifier nbr nr nummer key barcode pseudonym kennung")),
    (
        "free_text",
        listed(
            "note notes comment comments remark remarks report narrative history text description bemerkung "
            "kommentar anamnese freitext commentaire observaciones"
        ),
    ),
)
"""Whole words of a column's name. Where few distinct values contradict the name (`admission_type_id`), see `judge`."""

BODY_SITE = listed("body anatomic anatomical tumor tumour lesion biopsy primary metastasis pain injury fracture")
"""`tumour location` is not geography."""
AT_BIRTH = listed("weight length order type height head defect term gestational")
"""`birth weight` is no date."""
STEMS = (
    "surname", "lastname", "firstname", "forename", "patientname", "fullname", "physician", "doctor", "radiologist",
    "surgeon", "operator", "nachname", "vorname", "birthdate", "birthday", "dateofbirth", "geburt", "telephone",
    "address", "email", "postcode", "zipcode",
)  # fmt: skip
"""At the beginning or the end of a longer word they tell as much: `referringphysician`, `operatorcode`."""
_STEMS_OF = tuple(
    (kind, tuple(s for s in STEMS if s in known or any(s.endswith(word) for word in known if len(word) > 3)))
    for kind, known in NAME_WORDS
)
NAME_ALONE = listed("given first last middle family")
"""The whole name of a column of names; in a longer one (`contrast given`) they say nothing."""


def words_of(name: str) -> list[str]:
    """`patientID` and `patient_id` -> patient, id."""
    return [word.lower() for word in _WORDS.findall(name)]


def kind_by_name(name: str) -> str:
    """The kind of identifier that a column's name announces, or empty."""
    words = words_of(name)
    joined = "".join(words)
    if joined in NAME_ALONE:
        return "names"
    for kind, known in NAME_WORDS:
        if (kind == "geography" and BODY_SITE & set(words)) or (kind == "dates" and AT_BIRTH & set(words)):
            continue
        if any(word in known for word in words) or (len(joined) > 5 and joined in known):
            return kind
    for kind, stems in _STEMS_OF:
        if joined.startswith(stems) or joined.endswith(stems):
            return kind
    return ""
