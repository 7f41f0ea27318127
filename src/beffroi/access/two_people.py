"""What takes two people: asked by one, agreed to by another, before it is too late. Pure.

Who acts is named as containments name people: `operator:NAME` at the machine, `account:NUMBER` when signed in.
"""

from datetime import timedelta

from beffroi.errors import Words

SAME_PERSON = Words("a second person is needed", "il faut une seconde personne")
TOO_LATE = Words("it has waited too long: ask again", "la demande a expiré : recommencez")


def objection(first: str, second: str, waited: timedelta, within: timedelta) -> Words | None:
    """Why the second may not agree to what the first asked for; None when they may.

    >>> objection("account:3", "account:3", timedelta(0), timedelta(hours=1)) is SAME_PERSON
    True
    >>> objection("account:3", "operator:lz", timedelta(0), timedelta(hours=1)) is None
    True
    """
    if first == second:
        return SAME_PERSON
    return TOO_LATE if waited > within else None
