"""One process's way to the identities: the gate, the finder and what they share, built in one place."""

from dataclasses import dataclass

from beffroi.access.reference import References
from beffroi.actions.audit_view import AuditView
from beffroi.actions.disclose.gate import Gate
from beffroi.actions.disclose.judging import Judging
from beffroi.actions.disclose.presentation import Presenter
from beffroi.actions.find import LIST_MAX_DEFAULT, Finder
from beffroi.actions.investigate import Investigation
from beffroi.actions.lookup import Lookup
from beffroi.actions.surroundings import Expectations, KnownSurroundings
from beffroi.clock import Clock
from beffroi.errors import OperatorError
from beffroi.model.hospitals import Hospitals
from beffroi.store.archive import Archive
from beffroi.store.database import Database
from beffroi.store.disclosures import DisclosureStore
from beffroi.store.feed_trail import FeedTrail
from beffroi.store.identities import Deployment, IdentityStore, load_deployment, load_hospitals
from beffroi.store.surroundings import SurroundingsStore


@dataclass(frozen=True, slots=True)
class House:
    """What a serving process holds. `open_house` makes it, `close` answers what waits and ends it."""

    deployment: Deployment
    hospitals: Hospitals
    references: References
    gate: Gate
    lookup: Lookup
    investigation: Investigation
    finder: Finder
    surroundings: KnownSurroundings

    async def close(self) -> None:
        """Answers what waits in the gate, then stops its writer. The database stays open: its owner closes it."""
        await self.gate.stop()
        await self.surroundings.stop()


async def open_house(
    database: Database,
    clock: Clock,
    list_max: int = LIST_MAX_DEFAULT,
    expectations: Expectations | None = None,
    archive: Archive | None = None,
) -> House:
    """Reads the deployment, the register of hospitals and the watch's surroundings, then starts the gate's writer.

    Raises `OperatorError` when the database was never set up.
    """
    deployment = await load_deployment(database)
    if deployment is None:
        raise OperatorError("This database holds no deployment yet. Run `beffroi migrate` first.")
    hospitals = Hospitals(await load_hospitals(database))
    references = References(deployment.reference_key)
    disclosures = DisclosureStore(database)
    surroundings = KnownSurroundings(SurroundingsStore(database), clock, expectations)
    gate = Gate(disclosures, Judging(Presenter(references, hospitals), surroundings), clock)
    lookup = Lookup(IdentityStore(database), references, hospitals, clock)
    investigation = Investigation(database, gate, references, hospitals, clock, archive)
    trail = AuditView(disclosures, FeedTrail(database), lookup, gate, archive)
    finder = Finder(lookup, gate, hospitals, trail, investigation, list_max)
    await surroundings.start()
    await gate.start()
    return House(deployment, hospitals, references, gate, lookup, investigation, finder, surroundings)
