"""A list in pages: which of the people found stand on this one, how many there are, and where the next one begins.

Whoever is found but not on the page is told to exist by the total and by the link to the next page: so all of them are
recorded and count, on the first page already (law 3).
"""

from dataclasses import dataclass

import msgspec

from beffroi.access.fields import NOTHING
from beffroi.access.policy import Permit
from beffroi.actions.disclose.judging import Findings, Finish
from beffroi.model.disclosure import Advice, Answer, Finding, Released


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its people, how many there are in all, the person after whom the next one begins (0: no more), and how
    many are left after it.

    `total` is None where the answer tells no number: too many, or nobody may be shown.
    """

    released: Released[Answer]
    total: int | None = None
    following: int = 0
    left: int = 0


class Window:
    """The gate's `finish` of a list: told after the verdict, so that no number counts whom the asker may not see."""

    def __init__(self, permit: Permit, count: int | None, after: int = 0, first: Finish | None = None) -> None:
        self._permit = permit
        self._count = count
        self._after = after
        self._first = first
        self.total: int | None = None
        self.following = self.left = 0

    def __call__(self, found: Findings) -> tuple[Findings, tuple[Advice, ...]]:
        """Everybody on this page; the others are kept back."""
        if self._first is not None:
            found, advice = self._first(found)
            if advice:
                return found, advice
        known = sorted(finding.person_id for finding in found if self._tells(finding))
        self.total, self.following = len(known), 0
        if self._count is None:
            return found, ()
        here = [person for person in known if person > self._after][: self._count]
        if here and here[-1] != known[-1]:
            self.following = here[-1]
            self.left = sum(person > here[-1] for person in known)
        elsewhere = set(known).difference(here)
        return tuple(kept_back(f) if f.person_id in elsewhere else f for f in found), ()

    def page(self, released: Released[Answer]) -> Page:
        """The released answer with what this window knows of it."""
        return Page(released, self.total, self.following, self.left)

    def _tells(self, finding: Finding) -> bool:
        """Whoever is withheld under protected access is said to be withheld, and counted nowhere."""
        return not finding.restricted or self._permit.restricted != NOTHING


def kept_back(finding: Finding) -> Finding:
    """The same person, told to exist and not shown."""
    return msgspec.structs.replace(finding, kept_back=True)
