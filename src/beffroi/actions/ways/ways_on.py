"""The ways on of one process, built in one place."""

from dataclasses import dataclass

from beffroi.access.presence import Challenges, KeyPlace
from beffroi.actions.contain import Containing
from beffroi.actions.house import House
from beffroi.actions.lookup import Lookup
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
from beffroi.store.identities import IdentityStore


@dataclass(frozen=True, slots=True)
class WaysOn:
    """Every way on, for the doors that offer them."""

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
    lookup = Lookup(IdentityStore(database), house.references, house.hospitals, clock)
    containing = Containing(database, clock)
    room = WatchRoom(database, house.gate, house.references, house.hospitals, clock)
    return WaysOn(
        Keys(acting, challenges, place, clock),
        Releasing(database, acting, clock),
        Colleagues(acting, house.finder, clock),
        Worklists(database, acting, lookup, clock),
        Digests(database, containing, clock),
        Crises(database, acting, clock),
        DutyDesk(acting, containing, room),
    )
