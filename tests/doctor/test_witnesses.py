"""The doctor's look at keys and witnesses: who signs, who cosigns, and what is held against us."""

from collections.abc import Callable
from pathlib import Path

import pytest

from beffroi.config.reading import load
from beffroi.doctor.finding import Level
from beffroi.doctor.witnesses import check_witnesses
from beffroi.ledger.checkpoint import SigningKey
from beffroi.store.database import ROLE_SEALER, Database
from deployments import configuration, write_configuration
from disclosed import KEY, NOON, ORIGIN, disclose, row, seal_all, sealer
from witnesses import SECOND, WITNESS

DsnOf = Callable[[str], str]
TABLES = "".join(
    f'[[witness]]\nurl = "https://w{number}.example"\nkey = "{key.verifier().text()}"\n'
    for number, key in enumerate((WITNESS, SECOND))
)


def config_file(folder: Path, dsn_of: DsnOf, more: str = TABLES, least: int = 1, keys: str = "") -> Path:
    (folder / "ledger.key").write_text(keys or KEY.secret_text())
    ledger = f'[ledger]\norigin = "{ORIGIN}"\nkey_file = "ledger.key"\nwitnesses_min = {least}\n{more}'
    text = configuration(dsn_of, more=ledger)
    return write_configuration(
        folder, text.replace("pool_size = 2", f'pool_size = 2\nsealer_url = "{dsn_of(ROLE_SEALER)}"')
    )


async def said(path: Path) -> list[tuple[Level, str]]:
    found = [one async for one in check_witnesses(load(path, demo=True))]
    assert all(one.text("fr") for one in found)
    return [(one.level, one.text("en")) for one in found]


async def state(database: Database, name: str, what: str) -> None:
    await database.pool.execute("insert into witness_states values ($1, $2, 7, $3)", name, what, NOON)


async def test_without_witnesses_that_is_noted(tmp_path: Path, dsn_of: DsnOf) -> None:
    """No fault, but said."""
    ((level, text),) = await said(config_file(tmp_path, dsn_of, "", 0))
    assert level is Level.NOTE and "two histories" in text


async def test_each_witness_and_how_many_are_needed(tmp_path: Path, dsn_of: DsnOf, database: Database) -> None:
    """Cosigning, not asked yet; and the count against the policy."""
    await state(database, WITNESS.name, "cosigned")
    path = config_file(tmp_path, dsn_of)
    first, second, enough = await said(path)
    assert first == (Level.GOOD, f"Witness {WITNESS.name} cosigned 7 leaves.")
    assert second[0] is Level.WARNING and "not been asked" in second[1]
    assert enough == (Level.GOOD, "1 of 2 witnesses cosign; 1 are needed.")
    assert (await said(config_file(tmp_path, dsn_of, least=2)))[2][0] is Level.ERROR


@pytest.mark.parametrize(
    ("what", "level", "words"),
    [
        ("away", Level.WARNING, "does not answer"),
        ("unknown_log", Level.WARNING, "does not know this ledger"),
        ("key_refused", Level.WARNING, "ledger's key"),
        ("refused", Level.WARNING, "does not prove why"),
        ("ahead", Level.ERROR, "saw a later checkpoint"),
        ("contradicts", Level.ERROR, "nothing is sealed"),
    ],
)
async def test_what_is_wrong_is_said(
    tmp_path: Path, dsn_of: DsnOf, database: Database, what: str, level: Level, words: str
) -> None:
    """With the time since when."""
    await state(database, WITNESS.name, what)
    first = (await said(config_file(tmp_path, dsn_of)))[0]
    assert first[0] is level and words in first[1] and "2026-11-24 12:00 UTC" in first[1]


async def test_a_rotation_is_said_and_a_forgotten_key_is_an_error(
    tmp_path: Path, dsn_of: DsnOf, database: Database
) -> None:
    """Two keys sign; then the new one alone, while nobody knows the old one any more."""
    await disclose(database, [row(1, 1)])
    async with await Database.open(dsn_of(ROLE_SEALER), size=1) as own:
        await seal_all(sealer(own))
    new = SigningKey(ORIGIN, b"\3" * 32).secret_text()
    assert (await said(config_file(tmp_path, dsn_of, "", 0, f"{KEY.secret_text()}\n{new}\n")))[0] == (
        Level.NOTE,
        "2 keys sign: a rotation is under way.",
    )
    level, text = (await said(config_file(tmp_path, dsn_of, "", 0, new)))[0]
    assert level is Level.ERROR and "former_keys" in text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (TABLES.replace("https://w0", "http://w0"), "https://"),
        (TABLES.replace("+", "-"), "no public key"),
        (TABLES.replace(SECOND.verifier().text(), WITNESS.verifier().text()), "two witnesses"),
        ("", "there are 0"),
    ],
)
async def test_witnesses_that_cannot_be_are_refused(tmp_path: Path, dsn_of: DsnOf, more: str, words: str) -> None:
    """In words, at the start."""
    with pytest.raises(Exception, match=words):
        load(config_file(tmp_path, dsn_of, more), demo=True)
