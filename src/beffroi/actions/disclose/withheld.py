"""What an asker is told of a verdict: why something is withheld, and the fastest legitimate way on (law 7).

The words depend on the account's state alone, never on who would have matched.
"""

from beffroi.access.rejection import STEP_UP
from beffroi.errors import BeffroiError, CeilingReached, Held, NotAuthenticated, Words
from beffroi.model.disclosure import Advice
from beffroi.watch.circumstances import Cause

_CEILINGS = {
    Cause.CEILING_24H: Words("the ceiling of new patients in 24 hours", "le plafond de nouveaux patients en 24 heures"),
    Cause.CEILING_30D: Words("the ceiling of new patients in 30 days", "le plafond de nouveaux patients en 30 jours"),
    Cause.CEILING_365D: Words(
        "the ceiling of new patients in 365 days", "le plafond de nouveaux patients en 365 jours"
    ),
    Cause.STRANGERS_30D: Words(
        "the ceiling of patients in 30 days whom nothing explains",
        "le plafond de patients que rien n'explique en 30 jours",
    ),
    Cause.EMERGENCY: Words("the ceiling of emergency readings", "le plafond de lectures en urgence"),
    Cause.PENDING: Words(
        "the number of readings that may wait for your hospital's feed",
        "le nombre de lectures qui peuvent attendre les messages de votre hôpital",
    ),
}
_ONE = Words(
    "One patient of your own hospital at a time stays readable. For more, call the duty officer.",
    "Un patient à la fois de votre hôpital reste lisible. Au-delà, appelez la personne d'astreinte.",
)
_SECOND = Words(
    "A colleague can agree to the next one: they read it with you.",
    "Un collègue peut approuver la suivante : il la lit avec vous.",
)
_COLLEAGUE = Words(
    "Patients of your own hospital stay readable. For another: ask a colleague to confirm the patient, or make an "
    "emergency reading.",
    "Les patients de votre hôpital restent lisibles. Pour un autre : faites confirmer le patient par un collègue, ou "
    "faites une lecture en urgence.",
)
_FEED = Words(
    "They are freed as the admissions arrive. In an emergency, use an emergency reading.",
    "Elles se libèrent à mesure que les admissions arrivent. Dans l'urgence, utilisez une lecture en urgence.",
)
_UNUSUAL = Words(
    "many of this account's last new patients are unknown to your hospital",
    "beaucoup des derniers nouveaux patients de ce compte sont inconnus de votre hôpital",
)
_SILENT = Words(
    "your hospital's messages have stopped arriving, so nothing can be explained",
    "les messages de votre hôpital n'arrivent plus, donc rien ne peut être expliqué",
)
_WAYS_ON = Words(
    "Patients of your own hospital stay readable. For another: prove who you are with your key, ask a colleague to "
    "confirm the patient, or make an emergency reading. The duty officer can release the account.",
    "Les patients de votre hôpital restent lisibles. Pour un autre : prouvez votre identité avec votre clé, faites "
    "confirmer le patient par un collègue, ou faites une lecture en urgence. La personne d'astreinte peut libérer le "
    "compte.",
)
_NAME_FULLY = Words(
    "Name one patient fully: birth date, three letters of the name and the first of the given name.",
    "Nommez un patient complètement : date de naissance, trois lettres du nom et la première du prénom.",
)
_PROVE = "prove who you are again: many of this account's last new patients are unknown to your hospital"
_PROVE_FR = (
    "prouvez de nouveau votre identité : beaucoup des derniers nouveaux patients de ce compte sont inconnus de votre "
    "hôpital"
)
_ADVICE = {
    Cause.HELD: Advice.HELD,
    Cause.ASKED: Advice.PROVE,
    Cause.PENDING: Advice.PENDING,
    Cause.FEED_SILENT: Advice.FEED_SILENT,
    Cause.MASKED: Advice.MASKED,
    Cause.CONTACTS: Advice.MASKED,
}


def refusal(cause: Cause, limit: int) -> BeffroiError:
    """What is raised when nobody may be shown."""
    if cause is Cause.HELD:
        return Held(why=_UNUSUAL, instead=_WAYS_ON)
    if cause is Cause.FEED_SILENT:
        return Held(why=_SILENT, instead=_NAME_FULLY)
    if cause is Cause.ASKED:
        return NotAuthenticated(STEP_UP, _PROVE, fr=_PROVE_FR)
    instead = {Cause.EMERGENCY: _SECOND, Cause.PENDING: _FEED, Cause.STRANGERS_30D: _COLLEAGUE}.get(cause, _ONE)
    return CeilingReached(what=_CEILINGS[cause], limit=limit, instead=instead)


def advice(cause: Cause) -> tuple[Advice, ...]:
    """What is said beside those who are shown.

    >>> advice(Cause.CEILING_24H), advice(Cause.NONE)
    ((<Advice.WITHHELD: 'withheld'>,), ())
    """
    return (_ADVICE.get(cause, Advice.WITHHELD),) if cause is not Cause.NONE else ()
