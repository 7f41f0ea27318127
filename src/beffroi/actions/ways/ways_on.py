"""The ways on of one process, built in one place."""

from dataclasses import dataclass

from beffroi.access.presence import Challenges, KeyPlace
from beffroi.actions.contain import Containing
from beffroi.actions.house import House
from beffroi.actions.watch_room import WatchRoom
from beffroi.actions.ways.acting import Acting
from beffroi.actions.ways.colleagues import Colleagues
from beffroi.actions.ways.crises import Crises
from beffroi.actions.ways.digest import Digests
from beffroi.actions.ways.duty import DutyDesk
from beffroi.actions.ways.keys import Keys
from beffroi.actions.ways.releasing import Releasing
from beffroi.actions.ways.worklists import Worklists
from beffroi.clock import Clock
from beffroi.store.database import Database


@dataclass(frozen=True, slots=True)
class WaysOn:
    """Every way on, for the doors that offer them; and what they are done with."""

    acting: Acting
    containing: Containing
    watch: WatchRoom
    keys: Keys
    releasing: Releasing
    colleagues: Colleagues
    worklists: Worklists
    digests: Digests
    crises: Crises
    duty: DutyDesk


def ways_on(database: Database, house: House, place: KeyPlace, clock: Clock) -> WaysOn:
    """The ways on, over one database and the process's house."""
    acting = Acting(database, clock)
    challenges = Challenges(house.deployment.nonce_key)
    containing = Containing(database, clock)
    watch = WatchRoom(database, house.gate, house.references, house.hospitals, clock)
    return WaysOn(
        acting,
        containing,
        watch,
        Keys(acting, challenges, place, clock),
        Releasing(database, acting, clock),
        Colleagues(acting, house.finder, clock),
        Worklists(database, acting, house.lookup, clock),
        Digests(database, containing, clock),
        Crises(database, acting, clock),
        DutyDesk(acting, containing, watch),
    )
