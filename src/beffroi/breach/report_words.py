"""The words of reports, French and English, one table: what stands on the pages is chosen here."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from beffroi.breach.severity import Factor
from beffroi.errors import Words

CATEGORY_WORDS: Mapping[str, Words] = {
    "civil_status": Words("civil status (names, birth, sex)", "état civil (noms, naissance, sexe)"),
    "contact": Words("contact data (telephone, e-mail, address)", "coordonnées (téléphone, courriel, adresse)"),
    "national_identifier": Words(
        "national health identifier (INS, made from the NIR)", "identifiant national de santé (INS, issu du NIR)"
    ),
    "hospital_identifiers": Words("hospitals' own numbers (IPP)", "numéros propres aux hôpitaux (IPP)"),
    "existence": Words("an opaque reference, or mere existence", "référence opaque ou simple existence"),
}
FIELD_WORDS: Mapping[str, Words] = {
    "birth_name": Words("birth name", "nom de naissance"),
    "used_name": Words("used name", "nom utilisé"),
    "birth_date": Words("birth date", "date de naissance"),
    "sex": Words("sex", "sexe"),
    "birth_place": Words("birth place", "lieu de naissance"),
    "status": Words("status of the identity", "statut de l'identité"),
    "own_identifier": Words("the hospital's number", "numéro dans l'hôpital"),
    "phone": Words("telephone", "téléphone"),
    "email": Words("e-mail", "courriel"),
    "address": Words("address", "adresse"),
    "ins": Words("national identifier (INS)", "identifiant national (INS)"),
    "other_identifiers": Words("other hospitals' numbers", "numéros d'autres hôpitaux"),
    "deceased": Words("whether deceased", "décès"),
    "mother_name": Words("mother's name", "nom de la mère"),
    "nationality": Words("nationality", "nationalité"),
    "reference": Words("opaque reference", "référence opaque"),
    "existence": Words("existence", "existence"),
}
FACTOR_WORDS: Mapping[Factor, Words] = {
    Factor.DPC: Words("Context of the data (DPC)", "Contexte des données (DPC)"),
    Factor.EI: Words("Ease of identification (EI)", "Facilité d'identification (EI)"),
    Factor.CONFIDENTIALITY: Words("Loss of confidentiality", "Perte de confidentialité"),
    Factor.INTEGRITY: Words("Loss of integrity", "Perte d'intégrité"),
    Factor.AVAILABILITY: Words("Loss of availability", "Perte de disponibilité"),
    Factor.MALICE: Words("Malicious intent", "Intention malveillante"),
}
MOMENT_WORDS: Mapping[str, Words] = {
    "first_seen": Words("First patient shown", "Premier patient montré"),
    "last_seen": Words("Last patient shown", "Dernier patient montré"),
    "verdict": Words("The watch spoke", "La veille a parlé"),
    "contain": Words("An account was stopped", "Un compte a été arrêté"),
    "release": Words("An account was released", "Un compte a été rétabli"),
    "step_up": Words("Proof of presence", "Preuve de présence"),
    "not_me": Words("The owner disowned readings", "Le titulaire a désavoué des lectures"),
    "opened": Words("Incident opened", "Incident ouvert"),
    "state": Words("State changed", "Changement d'état"),
    "aware": Words("Awareness", "Prise de connaissance"),
    "note": Words("Note", "Note"),
    "selections": Words("Readings concerned", "Lectures concernées"),
    "told": Words("Register filled in", "Registre renseigné"),
    "severity": Words("Severity weighed", "Gravité évaluée"),
    "report": Words("Report made", "Rapport établi"),
    "due": Words("72 hours end", "Fin des 72 heures"),
}
TO_COMPLETE = Words("[to be completed]", "[à compléter]")
PRIOR_MEASURES = Words(
    "Strong authentication bound to a key; rights by role and purpose; ceilings on distinct patients per account; a "
    "watch that judges every answer before it leaves; every answer recorded before it leaves and sealed in a signed "
    "ledger.",
    "Authentification forte liée à une clé ; droits par rôle et par motif ; plafonds de patients distincts par "
    "compte ; veille qui juge chaque réponse avant son envoi ; chaque réponse tracée avant son envoi et scellée dans "
    "un registre signé.",
)
CONSEQUENCES = Words(
    "Phishing by telephone, e-mail or letter in a hospital's name; identity theft; that somebody is a patient becomes "
    "known.",
    "Hameçonnage par téléphone, courriel ou courrier au nom d'un hôpital ; usurpation d'identité ; révélation de la "
    "qualité de patient.",
)


def spoken(words: Words, language: str) -> str:
    """The words in "fr", or English for anything else."""
    return words.french if language == "fr" else words.english


def number(value: int, language: str) -> str:
    r"""With thousands apart.

    >>> number(26800, "en"), number(26800, "fr")
    ('26,800', '26\u202f800')
    """
    text = f"{value:,}"
    return text.replace(",", "\u202f") if language == "fr" else text


def moment(at: datetime | None, language: str) -> str:
    """A time in UTC, said so.

    >>> moment(datetime(2026, 11, 24, 9, 5, tzinfo=UTC), "fr")
    '24/11/2026 09:05 UTC'
    """
    if at is None:
        return spoken(TO_COMPLETE, language)
    return at.astimezone(UTC).strftime("%d/%m/%Y %H:%M UTC" if language == "fr" else "%Y-%m-%d %H:%M UTC")


def span(width: timedelta, language: str) -> str:
    """A bar's width in words.

    >>> span(timedelta(minutes=15), "en"), span(timedelta(hours=1), "fr"), span(timedelta(days=7), "fr")
    ('15 min', '1 h', '7 jours')
    """
    minutes = int(width.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 1_440:
        return f"{minutes // 60} h"
    days = minutes // 1_440
    unit = Words("day", "jour") if days == 1 else Words("days", "jours")
    return f"{days} {spoken(unit, language)}"
