"""What takes two people: asked by one, agreed to by another, before it is too late. Pure."""

from datetime import timedelta

from beffroi.errors import Words

SAME_PERSON = Words("a second person is needed", "il faut une seconde personne")
TOO_LATE = Words("it has waited too long: ask again", "la demande a expiré : recommencez")


def objection(are_one: bool, waited: timedelta, within: timedelta) -> Words | None:
    """Why the second may not agree to what the first asked for; None when they may. `are_one`: they are one person.

    >>> objection(True, timedelta(0), timedelta(hours=1)) is SAME_PERSON
    True
    >>> objection(False, timedelta(0), timedelta(hours=1)) is None
    True
    """
    if are_one:
        return SAME_PERSON
    return TOO_LATE if waited > within else None
