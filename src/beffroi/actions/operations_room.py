"""The operator's room: how a deployment stands. It decides nothing and shows nobody."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from beffroi.actions.availability import ACCOUNTS, looking_up
from beffroi.clock import Clock
from beffroi.model.job import Job, JobRun
from beffroi.model.operations import Application, Deployment, Disk, GivenRole, Storage
from beffroi.store.database import Database
from beffroi.store.jobs import JobStore
from beffroi.store.operations import OperationsStore


class OperationsRoom:
    """The view of one deployment."""

    def __init__(self, database: Database, clock: Clock, folders: Sequence[Path] = ()) -> None:
        self._store = OperationsStore(database)
        self._jobs = JobStore(database)
        self._clock = clock
        self._folders = folders

    async def deployment(self) -> Deployment:
        """As it stands now. Raises Unavailable."""
        with looking_up(ACCOUNTS):
            return await self._store.deployment(self._clock.now())

    async def given_roles(self) -> tuple[GivenRole, ...]:
        """Who has which role. Raises Unavailable."""
        with looking_up(ACCOUNTS):
            return await self._store.given_roles(self._clock.now())

    async def applications(self) -> tuple[Application, ...]:
        """Which software there is. Raises Unavailable."""
        with looking_up(ACCOUNTS):
            return await self._store.applications(self._clock.now())

    async def jobs(self) -> list[JobRun]:
        """How the worker's jobs stand, those that matter most first. Raises Unavailable."""
        with looking_up(ACCOUNTS):
            runs = await self._jobs.listed()
        order = list(Job)
        return sorted(runs, key=lambda run: (order.index(run.job), run.about))

    async def storage(self) -> Storage:
        """What lies where, and how much room is left on this machine's disks. Raises Unavailable."""
        disks = tuple(_disk(folder) for folder in self._folders if folder.is_dir())
        with looking_up(ACCOUNTS):
            return await self._store.storage(disks)


def _disk(folder: Path) -> Disk:
    usage = shutil.disk_usage(folder)
    return Disk(folder.name or str(folder), usage.free, usage.total)
