"""All checks of one installation, in the order in which they would be mended."""

from collections.abc import Iterator
from pathlib import Path

from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.doctor.alerting import check_alerts
from beffroi.doctor.auditing import check_audit_repositories
from beffroi.doctor.databases import check_databases
from beffroi.doctor.doors import check_issuers, check_settings, show_ceilings
from beffroi.doctor.files import check_files
from beffroi.doctor.finding import Finding, Level, error
from beffroi.doctor.jobs import check_jobs
from beffroi.doctor.notifying import check_notifications
from beffroi.doctor.sealing import check_ledger
from beffroi.doctor.signalling import check_own_networks, check_signals
from beffroi.doctor.witnesses import check_witnesses, show_public_keys
from beffroi.errors import OperatorError, Words


async def examine(config_file: Path, clock: Clock, *, demo: bool = False) -> list[Finding]:
    """Everything that was looked at. Changes nothing."""
    try:
        config = load(config_file, demo=demo)
    except OperatorError as failure:
        return [error("configuration", Words(failure.text("en"), failure.text("fr")))]
    found = list(check_files(config_file, config, clock.now()))
    found += [finding async for finding in check_databases(config, clock, demo=demo)]
    found += [finding async for finding in check_ledger(config, clock)]
    found += [finding async for finding in check_witnesses(config)]
    found += [finding async for finding in check_jobs(config, clock)]
    found += [finding async for finding in check_alerts(config, clock, demo=demo)]
    found += [finding async for finding in check_signals(config, clock)]
    found += [finding async for finding in check_audit_repositories(config, clock)]
    found += [finding async for finding in check_notifications(config, clock)]
    found += [finding async for finding in check_issuers(config, clock, demo=demo)]
    found += check_settings(config)
    found += check_own_networks(config)
    return [*_once(found), *show_public_keys(config), *show_ceilings()]


def _once(found: list[Finding]) -> Iterator[Finding]:
    """A file or a database that is out of reach is met by several checks, and said by the first."""
    told: set[Words] = set()
    for finding in found:
        if finding.level is not Level.ERROR or finding.said not in told:
            yield finding
        told.add(finding.said)
