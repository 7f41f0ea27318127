"""From a configuration to the way in which scopes are worked out, and to where the archive lies."""

import msgspec

from beffroi.actions.case_room import CaseRoom
from beffroi.actions.house import House
from beffroi.actions.proving import prover_apart
from beffroi.clock import Clock
from beffroi.config.settings import ArchiveSettings, Config
from beffroi.store.archive import Archive
from beffroi.store.archive_place import ArchivePlace, Location, place_at
from beffroi.store.database import Database


def case_room_of(config: Config, database: Database, house: House, clock: Clock) -> CaseRoom:
    """The desk of incidents of a process that serves: what is heavy is done by processes of their own."""
    location = location_of(config, config.archive) if config.archive else None
    return CaseRoom(
        database,
        house,
        clock,
        config.region.name,
        prover_apart(config.dsn("web"), location),
        {hospital.id: hospital.officer_keys for hospital in config.hospital},
    )


def archive_of(config: Config) -> Archive | None:
    """The archive to be asked; None when everything is in the database."""
    if config.archive is None:
        return None
    return Archive(location_of(config, config.archive), config.archive.spark)


def archive_place(config: Config) -> ArchivePlace | None:
    """Where the archive's files lie; None without [archive]."""
    if config.archive is None:
        return None
    return place_at(msgspec.convert(location_of(config, config.archive), Location))


def location_of(config: Config, settings: ArchiveSettings) -> dict[str, str]:
    """Where the archive's files lie, with the secret that opens the place."""
    return {
        "folder": str(config.path(settings.folder)) if settings.folder else "",
        "bucket": settings.bucket,
        "prefix": settings.prefix,
        "endpoint": settings.endpoint,
        "region": settings.region,
        "access_key": settings.access_key,
        "secret_key": config.secret(settings.secret_key_file) if settings.secret_key_file else "",
    }
