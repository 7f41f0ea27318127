"""A scenario's stage: simulated time, accounts, and people who do things with them until the curtain falls.

A plan is a generator: it makes a move, then yields the seconds until its next one. Plans run side by side in the order
of time, so that ten accounts, or a thief beside the account's owner, need nothing special.
"""

import heapq
from collections.abc import Iterator
from itertools import count

import numpy as np
from msgspec.structs import replace

from beffroi.model.account import Role
from beffroi.watch.norms import NORMS, Norm
from beffroi_region.drill.account import ALWAYS, Account, Patient, Place
from beffroi_region.drill.habits import DAY_S, HOUR_S, NEVER, PLAIN, Season
from beffroi_region.drill.work import BEGIN_S

Plan = Iterator[float]
HORIZON_S = 30 * DAY_S


def norm_in(role: Role, season: Season) -> Norm:
    """The role's norm: its base rate misjudged as the season says, or released anew for what its feed explains."""
    norm = NORMS[role]
    if season.released and season.unexplained is not None:
        return replace(norm, base_rate=max(norm.base_rate, season.unexplained))
    return norm if season.misjudged == 1.0 else replace(norm, base_rate=norm.base_rate * season.misjudged)


class Stage:
    """One run of one scenario. `robbed`: accounts that a thief uses; `honest`: those with work of their owners."""

    def __init__(self, seed: int, season: Season = PLAIN, horizon_s: int = HORIZON_S) -> None:
        self.draw = np.random.Generator(np.random.PCG64(seed))
        self.season = season
        self.until_s = BEGIN_S + horizon_s
        self.place = Place()
        self.robbed: list[Account] = []
        self.honest: list[Account] = []
        self.shifts = 0
        self._now_s = float(BEGIN_S)
        self._numbers = count(1)
        self._orders = count()
        self._plans: list[tuple[float, int, Plan]] = []

    def account(self, role: Role, place: Place | None = None) -> Account:
        """A new account of the hospital."""
        return Account(role, norm_in(role, self.season), place or self.place)

    def owner(self, role: Role) -> Account:
        """A new account whose owner works with it."""
        account = self.account(role)
        self.honest.append(account)
        return account

    def person(self, known_s: int = NEVER) -> Patient:
        """Somebody new, of whom the hospital's feed knows from that moment on."""
        return Patient(next(self._numbers), known_s)

    def stranger(self) -> Patient:
        """Somebody of whom the hospital knows nothing."""
        return self.person()

    def patient(self) -> Patient:
        """Somebody whom the hospital's feed explains."""
        return self.person(self.now_s - HOUR_S)

    def listed(self) -> Patient:
        """Somebody of a worklist that another person deposited."""
        return self.person(ALWAYS)

    @property
    def now_s(self) -> int:
        """Simulated time, whole seconds since 1970."""
        return int(self._now_s)

    @property
    def until_midnight_s(self) -> int:
        """Seconds until the next day."""
        return DAY_S - self.now_s % DAY_S

    def begin(self, plan: Plan, after_s: float = 0.0) -> None:
        """Lets a plan run beside the others."""
        heapq.heappush(self._plans, (self._now_s + after_s, next(self._orders), plan))

    def run(self) -> None:
        """Until all plans have ended, or the curtain falls."""
        while self._plans:
            at_s, _, plan = heapq.heappop(self._plans)
            if at_s >= self.until_s:
                continue
            self._now_s = at_s
            wait_s = next(plan, None)
            if wait_s is not None:
                heapq.heappush(self._plans, (at_s + wait_s, next(self._orders), plan))
