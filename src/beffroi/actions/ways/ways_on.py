"""The ways on of one process, built in one place."""

from dataclasses import dataclass

from beffroi.access.presence import Challenges, KeyPlace
from beffroi.actions.house import House
from beffroi.actions.ways.acting import Acting
from beffroi.actions.ways.keys import Keys
from beffroi.actions.ways.releasing import Releasing
from beffroi.clock import Clock
from beffroi.store.database import Database


@dataclass(frozen=True, slots=True)
class WaysOn:
    """Every way on, for the doors that offer them."""

    keys: Keys
    releasing: Releasing


def ways_on(database: Database, house: House, place: KeyPlace, clock: Clock) -> WaysOn:
    """The ways on, over one database and the process's house."""
    acting = Acting(database, clock)
    challenges = Challenges(house.deployment.nonce_key)
    return WaysOn(Keys(acting, challenges, place, clock), Releasing(database, acting, clock))
