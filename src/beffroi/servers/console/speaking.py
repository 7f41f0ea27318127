"""Dates, names and counts as people of the two languages write them, and what our own words are called. Pure."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from beffroi.errors import Words
from beffroi.model.account import Role
from beffroi.model.disclosure import Door, Field, Operation, Outcome, Purpose
from beffroi.model.person import IdentityAttribute, IdentityStatus, Sex

JUST_NOW_S: Final = 10
"""Seconds within which something has just happened."""
_UNITS: Final = (
    (86_400, Words("days", "jours")),
    (3_600, Words("h", "h")),
    (60, Words("min", "min")),
    (1, Words("s", "s")),
)
_MONTHS: Final = {
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
        *("août", "septembre", "octobre", "novembre", "décembre"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
}

ROLES: Final = {
    Role.WARD_NURSE: Words("Ward nurse", "Infirmier de service"),
    Role.WARD_DOCTOR: Words("Ward doctor", "Médecin de service"),
    Role.EMERGENCY_DOCTOR: Words("Emergency doctor", "Médecin urgentiste"),
    Role.TRIAGE_NURSE: Words("Triage nurse", "Infirmier d'accueil des urgences"),
    Role.ON_CALL_DOCTOR: Words("Doctor on call", "Médecin de garde"),
    Role.ADMISSION_CLERK: Words("Admission clerk", "Agent des admissions"),
    Role.MEDICAL_SECRETARY: Words("Medical secretary", "Secrétaire médicale"),
    Role.IDENTITY_CELL: Words("Identity cell", "Cellule d'identitovigilance"),
    Role.REGIONAL_COORDINATOR: Words("Regional coordinator", "Coordination régionale"),
    Role.DUTY_OFFICER: Words("Duty officer", "Astreinte"),
    Role.DATA_PROTECTION_OFFICER: Words("Data protection officer", "Délégué à la protection des données"),
    Role.AUDITOR: Words("Auditor", "Auditeur"),
    Role.OPERATOR: Words("Operator", "Exploitant"),
    Role.HOSPITAL_APPLICATION: Words("Hospital software", "Logiciel d'établissement"),
    Role.CROSS_REFERENCE_APPLICATION: Words("Cross-reference software", "Logiciel de rapprochement"),
    Role.FEED: Words("Feed", "Flux d'identités"),
}
PURPOSES: Final = {
    Purpose.TREATMENT: Words("Care", "Soin"),
    Purpose.ADMISSION: Words("Admission", "Admission"),
    Purpose.IDENTITY_MANAGEMENT: Words("Identity management", "Identitovigilance"),
    Purpose.EMERGENCY: Words("Emergency", "Urgence"),
    Purpose.PATIENT_REQUEST: Words("Patient's request", "Demande du patient"),
    Purpose.AUDIT: Words("Audit", "Audit"),
}
STATUSES: Final = {
    IdentityStatus.PROVISIONAL: Words("Provisional", "Provisoire"),
    IdentityStatus.VALIDATED: Words("Validated", "Validée"),
    IdentityStatus.RETRIEVED: Words("Retrieved", "Récupérée"),
    IdentityStatus.QUALIFIED: Words("Qualified", "Qualifiée"),
}
SEXES: Final = {
    Sex.FEMALE: Words("Female", "Féminin"),
    Sex.MALE: Words("Male", "Masculin"),
    Sex.UNKNOWN: Words("Unknown", "Indéterminé"),
}
ATTRIBUTES: Final = {
    IdentityAttribute.HOMONYM: Words("homonym", "homonyme"),
    IdentityAttribute.DOUBTFUL: Words("doubtful", "douteuse"),
    IdentityAttribute.FICTITIOUS: Words("fictitious", "fictive"),
    IdentityAttribute.ANONYMOUS: Words("anonymous", "anonyme"),
    IdentityAttribute.HIDDEN: Words("hidden", "cachée"),
    IdentityAttribute.POTENTIAL_DUPLICATE: Words("possible duplicate", "doublon potentiel"),
    IdentityAttribute.PROVEN_DUPLICATE: Words("proven duplicate", "doublon avéré"),
    IdentityAttribute.COLLISION: Words("collision", "collision"),
    IdentityAttribute.USURPED: Words("usurped", "usurpée"),
    IdentityAttribute.UNNAMED_NEWBORN: Words("newborn without a name", "nouveau-né non nommé"),
}
FIELDS: Final = {
    Field.BIRTH_NAME: Words("name", "nom"),
    Field.USED_NAME: Words("name in use", "nom utilisé"),
    Field.BIRTH_DATE: Words("birth date", "date de naissance"),
    Field.SEX: Words("sex", "sexe"),
    Field.BIRTH_PLACE: Words("birth place", "lieu de naissance"),
    Field.STATUS: Words("status", "statut de l'identité"),
    Field.OWN_IDENTIFIER: Words("hospital's number", "numéro dans l'hôpital"),
    Field.PHONE: Words("telephone", "téléphone"),
    Field.EMAIL: Words("e-mail", "courriel"),
    Field.ADDRESS: Words("address", "adresse"),
    Field.INS: Words("national health identifier", "identité nationale de santé"),
    Field.OTHER_IDENTIFIERS: Words("other hospitals' numbers", "numéros dans d'autres hôpitaux"),
    Field.DECEASED: Words("death", "décès"),
    Field.MOTHER_NAME: Words("mother's name", "nom de la mère"),
    Field.NATIONALITY: Words("nationality", "nationalité"),
    Field.REFERENCE: Words("internal reference", "référence interne"),
    Field.EXISTENCE: Words("that there is such a patient", "l'existence du patient"),
    Field.PROOF: Words("how the identity was checked", "contrôle de l'identité"),
}
OUTCOMES: Final = {
    Outcome.SHOWN: Words("shown", "montré"),
    Outcome.NONE: Words("nobody found", "aucun patient trouvé"),
    Outcome.TOO_MANY: Words("too many", "trop de patients"),
    Outcome.TOO_BROAD: Words("too broad", "trop large"),
    Outcome.REFUSED: Words("refused", "refusé"),
    Outcome.SIGNED_IN: Words("signed in", "connecté"),
    Outcome.RECORDED: Words("recorded", "consigné"),
}
DOORS: Final = {
    Door.FHIR: Words("software (FHIR)", "logiciel (FHIR)"),
    Door.HL7V2: Words("software (HL7 v2)", "logiciel (HL7 v2)"),
    Door.CONSOLE: Words("screen", "écran"),
    Door.EXPORT: Words("export", "export"),
    Door.AUDIT: Words("audit", "audit"),
    Door.NOTIFICATION: Words("notification", "notification"),
}
OPERATIONS: Final = {
    Operation.SEARCH: Words("search", "recherche"),
    Operation.READ: Words("reading", "lecture"),
    Operation.MATCH: Words("match", "rapprochement"),
    Operation.PIX_QUERY: Words("cross-reference", "correspondance d'identifiants"),
    Operation.PDQ_QUERY: Words("search", "recherche"),
    Operation.AUDIT_SEARCH: Words("audit", "consultation des traces"),
    Operation.EMERGENCY_READ: Words("emergency reading", "lecture en urgence"),
    Operation.SIGN_IN: Words("sign-in", "connexion"),
    Operation.VERDICT: Words("verdict of the watch", "verdict de la veille"),
    Operation.CONTAIN: Words("stopped", "arrêt du compte"),
    Operation.RELEASE: Words("released", "libération du compte"),
    Operation.STEP_UP: Words("proof of presence", "preuve de présence"),
    Operation.CONFIRM: Words("confirmation", "confirmation"),
    Operation.WORKLIST: Words("worklist", "liste de travail"),
    Operation.SCOPE_VIEW: Words("scope of an incident", "périmètre d'un incident"),
    Operation.GRANT: Words("role", "rôle"),
    Operation.KEY: Words("security key", "clé de sécurité"),
    Operation.NOT_ME: Words("“it was not me”", "« ce n'était pas moi »"),
    Operation.PATIENT_ACCESS: Words("patient's request", "demande du patient"),
    Operation.EXPORT: Words("export", "export"),
    Operation.DOUBTS: Words("comparison of identities", "comparaison d'identités"),
}


CRITERIA: Final = {
    "family": Words("name", "nom"),
    "given": Words("first name", "prénom"),
    "name": Words("name", "nom"),
    "birthdate": Words("birth date", "date de naissance"),
    "gender": Words("sex", "sexe"),
    "identifier": Words("number", "numéro"),
    "sourceIdentifier": Words("number", "numéro"),
    "telecom": Words("telephone or e-mail", "téléphone ou courriel"),
    "phone": Words("telephone", "téléphone"),
    "email": Words("e-mail", "courriel"),
    "address": Words("address", "adresse"),
    "_id": Words("internal reference", "référence interne"),
}
"""What was asked by, where people are told of it; FHIR's own names for anything rarer."""
_SIGNS: Final = re.compile(r" (?=[:;?!»%])|(?<=«) ")


@lru_cache(maxsize=4_096)
def bound(french: str) -> str:
    """French with no-break spaces before the high signs and inside the quotation marks.

    >>> bound("Qui ? « Moi » : ici")
    'Qui\xa0? «\xa0Moi\xa0»\xa0: ici'
    """
    return _SIGNS.sub("\u00a0", french)


class Speaker:
    """One language and the region's time."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self._zone = zone

    def say(self, english: str, french: str) -> str:
        """The words of this language; in French no line begins with a sign that belongs to the word before it."""
        return bound(french) if self.language == "fr" else english

    def words(self, words: Words) -> str:
        """The words of this language."""
        return self.say(words.english, words.french)

    def sentence(self, words: Words) -> str:
        """The words as a sentence begins.

        >>> Speaker("fr", ZoneInfo("UTC")).sentence(Words("an error", "une erreur"))
        'Une erreur'
        """
        text = self.words(words)
        return text[:1].upper() + text[1:]

    def day(self, day: date) -> str:
        """A date in words.

        >>> Speaker("fr", ZoneInfo("UTC")).day(date(1985, 3, 1)), Speaker("en", ZoneInfo("UTC")).day(date(1985, 3, 2))
        ('1er mars 1985', '2 March 1985')
        """
        number = "1er" if day.day == 1 and self.language == "fr" else str(day.day)
        return f"{number} {_MONTHS[self.language][day.month - 1]} {day.year}"

    def short(self, day: date) -> str:
        """A date in figures, day first.

        >>> Speaker("fr", ZoneInfo("UTC")).short(date(1985, 3, 1))
        '01/03/1985'
        """
        return f"{day:%d/%m/%Y}"

    def time(self, at: datetime) -> str:
        """An hour of today's.

        >>> from datetime import UTC
        >>> Speaker("fr", ZoneInfo("UTC")).time(datetime(2026, 1, 1, 3, 7, tzinfo=UTC))
        '3\xa0h\xa007'
        """
        local = at.astimezone(self._zone)
        return f"{local.hour}\u00a0h\u00a0{local:%M}" if self.language == "fr" else f"{local:%H:%M}"

    def moment(self, at: datetime) -> str:
        """A date and an hour."""
        local = at.astimezone(self._zone)
        return f"{self.day(local.date())}, {self.time(at)}"

    def when(self, at: datetime, now: datetime) -> str:
        """The hour alone where it is one of today's.

        >>> from datetime import UTC
        >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
        >>> one = Speaker("en", ZoneInfo("UTC"))
        >>> one.when(noon, noon), one.when(noon.replace(day=1), noon)
        ('12:00', '1 March 2026, 12:00')
        """
        same_day = at.astimezone(self._zone).date() == now.astimezone(self._zone).date()
        return self.time(at) if same_day else self.moment(at)

    def ago(self, seconds: float) -> str:
        """How long ago something was, in the largest unit of which there are two or more.

        >>> one = Speaker("en", ZoneInfo("UTC"))
        >>> one.ago(3), one.ago(47.2), one.ago(600), one.ago(7_300), one.ago(200_000)
        ('just now', '47 s ago', '10 min ago', '2 h ago', '2 days ago')
        """
        if seconds < JUST_NOW_S:
            return self.say("just now", "à l'instant")
        unit_s, unit = next(one for one in _UNITS if seconds >= 2 * one[0])
        span = f"{int(seconds // unit_s)} {self.words(unit)}"
        return self.say(f"{span} ago", f"il y a {span}")

    def size(self, size_bytes: int) -> str:
        """So many bytes, as people count them.

        >>> one = Speaker("fr", ZoneInfo("UTC"))
        >>> one.size(900_000), one.size(5 << 20), one.size(3 << 40)
        ('<\xa01\xa0Mio', '5\xa0Mio', '3\u202f072\xa0Gio')
        """
        mebibytes = size_bytes >> 20
        if mebibytes < 1:
            return self.say("<\u00a01\u00a0MiB", "<\u00a01\u00a0Mio")
        if mebibytes < 10_240:
            return self.count(mebibytes) + self.say("\u00a0MiB", "\u00a0Mio")
        return self.count(mebibytes >> 10) + self.say("\u00a0GiB", "\u00a0Gio")

    def age(self, born: date, today: date) -> str:
        """An age: in years from two on, in months before.

        >>> one = Speaker("fr", ZoneInfo("UTC"))
        >>> one.age(date(1985, 3, 2), date(2026, 3, 1)), one.age(date(2026, 1, 2), date(2026, 3, 1))
        ('40 ans', '1 mois')
        """
        years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        if years >= 2:
            return self.say(f"{years} years", f"{years} ans")
        months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
        return self.say(f"{months} months" if months != 1 else "1 month", f"{months} mois")

    def count(self, number: int) -> str:
        """A number with its thousands apart.

        >>> Speaker("en", ZoneInfo("UTC")).count(12345)
        '12,345'
        """
        return f"{number:,}".replace(",", "\u202f") if self.language == "fr" else f"{number:,}"

    def patients(self, number: int) -> str:
        """So many patients.

        >>> Speaker("fr", ZoneInfo("UTC")).patients(1), Speaker("en", ZoneInfo("UTC")).patients(2)
        ('1 patient', '2 patients')
        """
        several = number > 1 or (number == 0 and self.language == "en")
        return f"{self.count(number)} patient{'s' if several else ''}"

    def hour(self, at: datetime) -> str:
        """A full hour, on a chart's axis.

        >>> from datetime import UTC
        >>> Speaker("fr", ZoneInfo("UTC")).hour(datetime(2026, 1, 1, 3, tzinfo=UTC))
        '3\xa0h'
        """
        local = at.astimezone(self._zone)
        return f"{local.hour}\u00a0h" if self.language == "fr" else f"{local:%H:%M}"

    def acting(self, by: str, names_of: Mapping[int, str] | None = None) -> str:
        """Who acted, as containments name people; accounts by what their issuers call them, where that is known.

        >>> Speaker("fr", ZoneInfo("UTC")).acting("account:3"), Speaker("en", ZoneInfo("UTC")).acting("operator:lz")
        ('compte 3', 'operator lz')
        """
        kind, _, who = by.partition(":")
        if kind == "account" and who.isdigit() and names_of and int(who) in names_of:
            return names_of[int(who)]
        names = {"account": Words("account", "compte"), "operator": Words("operator", "exploitant")}
        return f"{self.words(names[kind])} {who}" if kind in names and who else by

    def criteria(self, names: tuple[str, ...]) -> str:
        """By what was asked."""
        return ", ".join(self.words(CRITERIA[name]) if name in CRITERIA else name for name in names)

    def rate(self, rate: float) -> str:
        """A rate, with as many figures as say something.

        >>> Speaker("en", ZoneInfo("UTC")).rate(0.3624), Speaker("en", ZoneInfo("UTC")).rate(7489.3)
        ('0.36', '7,489')
        """
        if rate >= 100:
            return self.count(round(rate))
        text = f"{rate:.2g}"
        return text.replace(".", ",") if self.language == "fr" else text

    def decimal(self, number: float) -> str:
        """A number with as many decimals as it has.

        >>> Speaker("fr", ZoneInfo("UTC")).decimal(2.5), Speaker("en", ZoneInfo("UTC")).decimal(3.0)
        ('2,5', '3')
        """
        text = f"{number:g}"
        return text.replace(".", ",") if self.language == "fr" else text

    def fields(self, fields: Field) -> str:
        """The names of fields, one after another."""
        return ", ".join(self.words(words) for field, words in FIELDS.items() if fields & field)
