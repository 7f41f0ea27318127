"""The doctor's look at the ledger: sound, absent, without its key, behind, or not what was sealed."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.doctor.finding import Level
from beffroi.doctor.sealing import check_ledger
from beffroi.store.database import ROLE_SEALER, Database
from deployments import configuration, write_configuration
from disclosed import KEY, NOON, ORIGIN, disclose, row, seal_all, sealer
from doubles import FakeClock

DsnOf = Callable[[str], str]


@pytest.fixture
def config_file(tmp_path: Path, dsn_of: DsnOf) -> Path:
    """With a ledger and its key."""
    (tmp_path / "ledger.key").write_text(KEY.secret_text())
    text = configuration(dsn_of, more=f'[ledger]\norigin = "{ORIGIN}"\nkey_file = "ledger.key"\n')
    sealer_url = f'sealer_url = "{dsn_of(ROLE_SEALER)}"'
    return write_configuration(tmp_path, text.replace("pool_size = 2", f"pool_size = 2\n{sealer_url}"))


async def said(config_file: Path, clock: Clock) -> tuple[Level, str]:
    (finding,) = [one async for one in check_ledger(load(config_file, demo=True), clock)]
    assert finding.text("fr")
    return finding.level, finding.text("en")


async def test_without_a_ledger_that_is_noted(tmp_path: Path, dsn_of: DsnOf) -> None:
    """No fault, but said."""
    level, text = await said(write_configuration(tmp_path, configuration(dsn_of)), Clock())
    assert level is Level.NOTE and "Nothing is sealed" in text


async def test_what_is_sealed_is_counted_and_what_waits_is_an_error(
    config_file: Path, database: Database, dsn_of: DsnOf
) -> None:
    """A disclosure may wait for a moment, not for a minute."""
    await disclose(database, [row(1, 1), row(1, 2)])
    async with await Database.open(dsn_of(ROLE_SEALER), size=1) as own:
        await seal_all(sealer(own))
    later = FakeClock(NOON + timedelta(hours=1))
    assert await said(config_file, later) == (Level.GOOD, "2 disclosures sealed.")
    await disclose(database, [row(1, 3)])
    assert (await said(config_file, FakeClock(NOON + timedelta(seconds=30))))[0] is Level.GOOD
    level, text = await said(config_file, later)
    assert level is Level.ERROR and "more than a minute" in text


async def test_a_ledger_that_is_refused_is_said_with_its_reason(
    config_file: Path, database: Database, dsn_of: DsnOf
) -> None:
    """As the sealer refuses it."""
    await disclose(database, [row(1, 1)])
    async with await Database.open(dsn_of(ROLE_SEALER), size=1) as own:
        await seal_all(sealer(own))
    await database.pool.execute("update seal_state set system_identifier = 7")
    level, text = await said(config_file, Clock())
    assert level is Level.ERROR and "restored into another cluster" in text


async def test_a_key_that_is_not_there_is_an_error(config_file: Path) -> None:
    """In words, with the file."""
    config_file.with_name("ledger.key").unlink()
    level, text = await said(config_file, Clock())
    assert level is Level.ERROR and "ledger.key" in text
