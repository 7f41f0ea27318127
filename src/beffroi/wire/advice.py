"""What an answer says besides its patients, in words: that something is withheld or missing, and the way on (law 7)."""

from beffroi.errors import Words
from beffroi.model.disclosure import Advice

_WORDS = {
    Advice.MAY_BE_OTHERS: Words(
        "Other patients may match.",
        "D'autres patients peuvent correspondre.",
    ),
    Advice.TOO_MANY: Words(
        "More patients match than a list may show, so none is shown.",
        "Plus de patients correspondent qu'une liste n'en peut montrer : aucun n'est montré.",
    ),
    Advice.CONTACT_ON_REQUEST: Words(
        "Telephone, e-mail and address are shown when one patient is read for a purpose (Beffroi-Fields: contact).",
        "Téléphone, courriel et adresse se lisent un patient à la fois, pour un motif (Beffroi-Fields: contact).",
    ),
    Advice.RESTRICTED: Words(
        "A patient is under protected access: what is missing is withheld, not unknown. Ask your identity cell.",
        "Un patient est en accès protégé : ce qui manque est retenu, et non inconnu. Adressez-vous à votre cellule "
        "d'identitovigilance.",
    ),
    Advice.OWN_HOSPITAL_ONLY: Words(
        "Only the patients whom your hospital's own feed has announced recently were looked at.",
        "Seuls les patients récemment annoncés par votre propre établissement ont été examinés.",
    ),
    Advice.WITHHELD: Words(
        "This account has reached its limit of new patients, so others may be left out of this list. Read one patient "
        "at a time, ask a colleague, or call the duty officer.",
        "Ce compte a atteint sa limite de nouveaux patients : d'autres peuvent manquer dans cette liste. Lisez un "
        "patient à la fois, demandez à un collègue, ou appelez la personne d'astreinte.",
    ),
    Advice.HELD: Words(
        "New patients who are unknown to your hospital are held for this account, so others may be left out. Prove who "
        "you are with your key, ask a colleague to confirm a patient, or call the duty officer.",
        "Les nouveaux patients inconnus de votre hôpital sont retenus pour ce compte : d'autres peuvent manquer. "
        "Prouvez votre identité avec votre clé, faites confirmer un patient par un collègue, ou appelez la personne "
        "d'astreinte.",
    ),
    Advice.PROVE: Words(
        "Patients who are unknown to your hospital are withheld until you have proved who you are again.",
        "Les patients inconnus de votre hôpital sont retenus tant que vous n'avez pas prouvé de nouveau qui vous êtes.",
    ),
    Advice.PENDING: Words(
        "Too many readings wait for your hospital's messages: other patients may be left out until they arrive.",
        "Trop de lectures attendent les messages de votre hôpital : d'autres patients peuvent manquer jusque-là.",
    ),
    Advice.FEED_SILENT: Words(
        "Your hospital's messages have stopped arriving: patients whom they do not explain are shown one at a time.",
        "Les messages de votre hôpital n'arrivent plus : les patients qu'ils n'expliquent pas se lisent un par un.",
    ),
    Advice.MASKED: Words(
        "Telephone, e-mail and address are withheld for now. A colleague can tell them.",
        "Téléphone, courriel et adresse sont retenus pour l'instant. Un collègue peut vous les donner.",
    ),
}
_CRITERIA = {
    "birthdate": Words("the full birth date", "la date de naissance complète"),
    "family": Words("at least {n} of the family name", "au moins {n} du nom"),
    "given": Words("at least {n} of the given name", "au moins {n} du prénom"),
}
_LETTERS = {True: Words("one letter", "une lettre"), False: Words("{n} letters", "{n} lettres")}
_ADD = Words(" To see them, add: {what}.", " Pour les voir, ajoutez : {what}.")
_NARROW = Words(" Add: {what}.", " Ajoutez : {what}.")
_ASKS_FOR_MORE = {Advice.MAY_BE_OTHERS: _ADD, Advice.TOO_MANY: _NARROW}


def advice_words(advice: Advice, missing: tuple[str, ...], language: str) -> str:
    """The advice in `language` ("fr", or English for anything else), with what to add where it asks for more.

    >>> advice_words(Advice.MAY_BE_OTHERS, ("birthdate", "family:3"), "en")
    'Other patients may match. To see them, add: the full birth date, at least 3 letters of the family name.'
    """
    text = _said(_WORDS[advice], language)
    more = _ASKS_FOR_MORE.get(advice)
    if more is None or not missing:
        return text
    return text + _said(more, language).format(what=missing_words(missing, language))


def missing_words(missing: tuple[str, ...], language: str) -> str:
    """The criteria to add ("birthdate", "family:3", "given:1") in words.

    >>> missing_words(("given:1",), "fr")
    'au moins une lettre du prénom'
    """
    said = []
    for one in missing:
        name, _, count = one.partition(":")
        letters = _said(_LETTERS[count == "1"], language).format(n=count)
        said.append(_said(_CRITERIA[name], language).format(n=letters))
    return ", ".join(said)


def _said(words: Words, language: str) -> str:
    return words.french if language == "fr" else words.english
