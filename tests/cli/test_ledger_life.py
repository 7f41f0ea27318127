"""What an operator does with a ledger, by the commands of docs/how-to/audit-the-ledger.md, step by step."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backups import back_up, bring_back
from beffroi.actions.cosign import Cosigner, WitnessState
from beffroi.app.assembly import ledger_verifiers, sealing_keys, witnesses_of
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.ledger.checkpoint import VerifierKey, opened
from beffroi.store.cosigning import CosigningStore
from beffroi.store.database import ROLE_OWNER, ROLE_SEALER, Database
from beffroi.store.ledger import LedgerStore
from beffroi.store.registers import set_up
from commands import told
from deployments import configuration, write_configuration
from disclosed import KEY, ORIGIN, disclose, row, seal_all, sealer
from opened import opened_as
from witnesses import WITNESS, witness_process

DsnOf = Callable[[str], str]


own = opened_as(ROLE_SEALER)


class Installation:
    """A configuration with its files, and what its worker would do."""

    def __init__(self, folder: Path, dsn_of: DsnOf, database: Database, own: Database) -> None:
        self.folder, self.dsn_of, self.database, self.own = folder, dsn_of, database, own
        self.count = 0

    def write(self, more: str = "", tables: str = "") -> None:
        ledger = f'[ledger]\norigin = "{ORIGIN}"\nkey_file = "ledger.key"\n{more}\n{tables}'
        text = configuration(self.dsn_of, more=ledger)
        sealer_url = f'pool_size = 2\nsealer_url = "{self.dsn_of(ROLE_SEALER)}"'
        self.config = write_configuration(self.folder, text.replace("pool_size = 2", sealer_url))

    async def seal(self, count: int) -> None:
        """As the worker does after a restart: with the keys that the configuration names now."""
        await disclose(self.database, [row(1, self.count + n) for n in range(1, count + 1)])
        self.count += count
        loaded = load(self.config, demo=True)
        assert loaded.ledger is not None
        await seal_all(sealer(self.own, sealing_keys(loaded, loaded.ledger)))

    async def cosign(self) -> WitnessState | None:
        loaded = load(self.config, demo=True)
        assert loaded.ledger is not None
        keys = ledger_verifiers(loaded, loaded.ledger)
        (witness,) = witnesses_of(loaded)
        return await Cosigner(CosigningStore(self.own), witness, ORIGIN, keys, Clock()).exchange()

    async def run(self, *arguments: str | Path) -> tuple[int, str]:
        return await told(*arguments, "--demo", "--config", self.config)

    async def audit(self, *more: str | Path) -> dict[str, Any]:
        code, said = await self.run("audit", "--json", *more)
        found: dict[str, Any] = json.loads(said)
        assert code == (0 if found["sound"] else 2)
        return found

    async def note(self) -> str:
        return await LedgerStore(self.own).checkpoint() or ""


@pytest.fixture
def installation(tmp_path: Path, dsn_of: DsnOf, database: Database, own: Database) -> Installation:
    return Installation(tmp_path, dsn_of, database, own)


async def test_a_key_is_changed_and_nothing_stops_verifying(installation: Installation, tmp_path: Path) -> None:
    """The three steps of "Change the key": whoever knows either key can verify at each, and the audit at the end."""
    key_file, new_file = tmp_path / "ledger.key", tmp_path / "new.key"
    old = VerifierKey.parse((await told("keygen", "--out", key_file, "--origin", ORIGIN))[1].strip())
    installation.write()
    await installation.seal(3)
    first = tmp_path / "checkpoint-before"
    first.write_text(await installation.note())
    # 1. A new key is made, and published.
    new = VerifierKey.parse((await told("keygen", "--out", new_file, "--origin", ORIGIN))[1].strip())
    # 2. Both sign.
    key_file.write_text(key_file.read_text() + new_file.read_text())
    await installation.seal(3)
    both = await installation.note()
    assert opened(both, [old]) == opened(both, [new])
    assert (await installation.audit("--checkpoint", first))["sound"]
    # 3. The new one alone; the old public key is a former one.
    key_file.write_text(new_file.read_text())
    await installation.seal(3)
    assert not (await installation.audit())["sound"], "the old checkpoints are nobody's until the old key is named"
    installation.write(more=f'former_keys = ["{old.text()}"]')
    found = await installation.audit("--checkpoint", first)
    assert (found["sound"], found["leaves"], found["checkpoints"]) == (True, 9, 3)
    assert opened(await installation.note(), [new]).size == 9
    with pytest.raises(ValueError, match="no known key"):
        opened(await installation.note(), [old])


async def test_a_restore_is_found_said_and_gone_on_from(installation: Installation, tmp_path: Path) -> None:
    """Yesterday's backup: the witness betrays it to the worker and to the audit; `ledger reopen` says what is lost."""
    key_file, elsewhere = tmp_path / "ledger.key", tmp_path / "elsewhere"
    elsewhere.mkdir()
    key_file.write_text(KEY.secret_text() + "\n")
    await set_up(installation.dsn_of(ROLE_OWNER), demo=True, clock=Clock())
    async with witness_process(elsewhere) as (address, _):
        installation.write(tables=f'[[witness]]\nurl = "{address}"\nkey = "{WITNESS.verifier().text()}"\n')
        await installation.seal(5)
        await back_up(installation.database)
        await installation.seal(4)
        assert await installation.cosign() is WitnessState.COSIGNED
        await bring_back(installation.database)
        installation.count = 5
        assert (await installation.audit())["sound"], "yesterday's database is sound by itself"
        found = await installation.audit("--ask-witnesses")
        assert [one["fault"] for one in found["found"]] == ["kept_other"]
        assert await installation.cosign() is WitnessState.CONTRADICTS
        code, said = await installation.run("ledger", "reopen", "--reason", "")
        assert code == 1 and "--reason" in said
        code, said = await installation.run("ledger", "reopen", "--reason", "restored after a broken disk")
        assert code == 0 and "Epoch 2 begins at leaf 5. Known to be lost: 4 leaves" in said
        await installation.seal(2)
        assert await installation.cosign() is WitnessState.COSIGNED
        found = await installation.audit("--ask-witnesses")
        assert found["sound"] and [(gap["epoch"], gap["lost"]) for gap in found["gaps"]] == [(2, 4)]
        code, said = await installation.run("audit")
        assert "epoch 2 began at leaf 5" in said and "restored after a broken disk" in said
        code, said = await installation.run("ledger", "reopen", "--reason", "again")
        assert code == 1 and "Nothing is wrong" in said


async def test_holds_are_placed_shown_and_lifted(installation: Installation) -> None:
    """By number, with days; a hold of nothing, or of a number that is nobody's, is refused."""
    installation.write()
    wanted = ("hold", "--account", "7", "--since", "2025-09-01", "--until", "2025-09-30", "--reason", "inquiry")
    assert (await installation.run("ledger", *wanted))[0] == 1
    assert await installation.run("ledger", "holds") == (0, "None.\n")
    await installation.database.pool.execute(
        "insert into accounts (account_id, kind, issuer, subject) overriding system value values (7, 'person', 'i', '')"
    )
    code, said = await installation.run("ledger", *wanted)
    assert (code, said) == (0, "Hold 1.\n")
    code, said = await installation.run("ledger", "holds")
    assert code == 0 and "account 7 2025-09-01 2025-09-30" in said and "inquiry" in said
    assert (await installation.run("ledger", "lift", "1"))[0] == 0
    assert (await installation.run("ledger", "lift", "1"))[0] == 1
    assert (await installation.run("ledger", "hold", "--reason", "x"))[0] == 1
