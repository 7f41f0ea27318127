"""What each factor of a severity asks, and what each value of its scale means, in both languages.

Source: ENISA, Recommendations for a methodology of the assessment of severity of personal data breaches, v1.0, annexes
1 to 3.
"""

from collections.abc import Mapping

from beffroi.breach.severity import SCALES, Factor
from beffroi.errors import Words

FACTOR_ASKS: Mapping[Factor, Words] = {
    Factor.DPC: Words(
        "Which data, and what they tell in the context in which they were held: from 1 to 4.",
        "Quelles données, et ce qu'elles disent dans le contexte où elles étaient tenues : de 1 à 4.",
    ),
    Factor.EI: Words(
        "How easily somebody who has the data knows whose they are: it multiplies the context.",
        "Avec quelle facilité qui a les données sait de qui elles sont : multiplie le contexte.",
    ),
    Factor.CONFIDENTIALITY: Words(
        "A circumstance, which adds: who may have the data now.",
        "Une circonstance, qui s'ajoute : qui peut avoir les données désormais.",
    ),
    Factor.INTEGRITY: Words(
        "A circumstance, which adds: whether data were altered.",
        "Une circonstance, qui s'ajoute : si des données ont été modifiées.",
    ),
    Factor.AVAILABILITY: Words(
        "A circumstance, which adds: whether data were missing when they were needed.",
        "Une circonstance, qui s'ajoute : si des données ont manqué quand on en avait besoin.",
    ),
    Factor.MALICE: Words(
        "A circumstance, which adds: whether somebody meant harm.",
        "Une circonstance, qui s'ajoute : si quelqu'un voulait nuire.",
    ),
}
_VALUES: Mapping[Factor, tuple[Words, ...]] = {
    Factor.DPC: (
        Words("simple data: civil status, contact", "données simples : état civil, coordonnées"),
        Words(
            "simple data that tell more by their context, or data on a way of life",
            "données simples que le contexte rend plus parlantes, ou données sur le mode de vie",
        ),
        Words("the same, more exposing still, or financial data", "les mêmes, plus exposantes, ou données financières"),
        Words("sensitive data: health, or what exposes as much", "données sensibles : santé, ou ce qui expose autant"),
    ),
    Factor.EI: (
        Words("negligible: hardly anybody could say whose they are", "négligeable : presque personne ne sait de qui"),
        Words("limited: several people may fit", "limitée : plusieurs personnes peuvent convenir"),
        Words(
            "significant: with one more source, the person is found", "importante : avec une source de plus, on trouve"
        ),
        Words("maximum: the person is known at once", "maximale : la personne est connue d'emblée"),
    ),
    Factor.CONFIDENTIALITY: (
        Words("exposed, without a sign that anybody took them", "exposées, sans signe que quelqu'un les ait prises"),
        Words("with recipients who are known", "chez des destinataires connus"),
        Words("with nobody knows how many", "chez on ne sait combien de personnes"),
    ),
    Factor.INTEGRITY: (
        Words("nothing was altered, or it did no harm", "rien n'a été modifié, ou sans dommage"),
        Words("altered and perhaps used, and put right", "modifiées et peut-être utilisées, puis rétablies"),
        Words("altered and used, and cannot be put right", "modifiées et utilisées, sans pouvoir être rétablies"),
    ),
    Factor.AVAILABILITY: (
        Words("nothing was missing, or it came back without trouble", "rien n'a manqué, ou tout est revenu sans peine"),
        Words("missing for some time", "indisponibles un temps"),
        Words("lost for good", "perdues pour de bon"),
    ),
    Factor.MALICE: (
        Words("an error", "une erreur"),
        Words("an intention to harm", "une intention de nuire"),
    ),
}


def scale_of(factor: Factor) -> tuple[tuple[float, Words], ...]:
    """The values of a factor, each with its meaning.

    >>> [value for value, _ in scale_of(Factor.MALICE)], scale_of(Factor.MALICE)[0][1].english
    ([0.0, 0.5], 'an error')
    """
    return tuple(zip(SCALES[factor], _VALUES[factor], strict=True))


def meaning_of(factor: Factor, value: float) -> Words:
    """What a value of a factor means.

    >>> meaning_of(Factor.EI, 1.0).french
    "maximale : la personne est connue d'emblée"
    """
    return dict(scale_of(factor))[value]
