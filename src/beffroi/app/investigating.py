"""From a configuration to the way in which scopes are worked out."""

from beffroi.actions.house import House
from beffroi.actions.investigate import Investigation
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.store.database import Database


def investigation_of(_config: Config, database: Database, house: House, clock: Clock) -> Investigation:
    """The scopes of this deployment, under the role that answers questions."""
    return Investigation(database, house.gate, house.references, house.hospitals, clock)
