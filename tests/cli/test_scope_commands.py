"""scope, archive, verify-scope and audit as an operator uses them, one after the other on one installation."""

import json
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from archived import old
from beffroi.model.disclosure import Operation, Outcome
from beffroi.store.database import ROLE_ARCHIVER, ROLE_SEALER, Database
from commands import beffroi
from deployments import configuration, write_configuration
from disclosed import KEY, ORIGIN, disclose, seal_all, sealer

DsnOf = Callable[[str], str]
SUBJECT = "insert into accounts (kind, issuer, subject) values ('person', 'https://issuer.test', 'S1')"


@pytest.fixture
def config_file(tmp_path: Path, dsn_of: DsnOf) -> Path:
    """With a ledger and an archive."""
    (tmp_path / "ledger.key").write_text(KEY.secret_text())
    more = f'[ledger]\norigin = "{ORIGIN}"\nkey_file = "ledger.key"\n[archive]\nfolder = "archive"\n'
    urls = f'sealer_url = "{dsn_of(ROLE_SEALER)}"\narchiver_url = "{dsn_of(ROLE_ARCHIVER)}"'
    text = configuration(dsn_of, more=more).replace("pool_size = 2", f"pool_size = 2\n{urls}")
    return write_configuration(tmp_path, text)


async def test_from_the_database_to_a_verified_file(
    database: Database, dsn_of: DsnOf, hospitals, deployment, config_file: Path, tmp_path: Path
) -> None:
    """Archived, asked, proved, verified and audited; every look and the file stand in the operator's chain."""
    await database.pool.execute(SUBJECT)
    await disclose(database, [old(1, n) for n in range(1, 61)])
    async with await Database.open(dsn_of(ROLE_SEALER), size=2) as own:
        await seal_all(sealer(own))
    config = ("--config", config_file, "--demo")
    before = json.loads(beffroi("scope", "account=S1", "--json", *config).stdout)
    moved = beffroi("archive", *config)
    assert moved.stdout == "Segment 0: 60 disclosures.\n", moved.stderr
    file = tmp_path / "proof.json"
    after = beffroi("scope", "account=S1", "--json", "--proof", file, *config)
    assert after.returncode == 0, after.stderr
    told = json.loads(after.stdout)
    assert told["patients"] == before["patients"] and told["totals"]["patients"] == 40
    checked = beffroi("verify-scope", file, "--key", KEY.verifier().text(), "--json")
    assert (checked.returncode, json.loads(checked.stdout)["selected"]) == (0, 60), checked.stdout
    assert json.loads(checked.stdout)["people"] == [n for n in range(1, 61) if n % 3]
    assert beffroi("verify-scope", file, "--key", KEY.verifier().text()).stdout.endswith("sound, not complete.\n")
    assert beffroi("audit", *config).returncode == 0
    rows = await database.pool.fetch("select operation, outcome, request from disclosures order by disclosure_id")
    assert [row["operation"] for row in rows] == [Operation.SCOPE_VIEW, Operation.SCOPE_VIEW, Operation.EXPORT]
    assert all(row["outcome"] == Outcome.RECORDED for row in rows)
    assert file.stat().st_mode & 0o777 == 0o600


async def test_what_has_served_its_time_is_erased_by_the_same_command(
    database: Database, dsn_of: DsnOf, hospitals, deployment, config_file: Path, tmp_path: Path
) -> None:
    """Moved and erased in one run; what is left is scoped, proved and verified behind it, and the audit counts."""
    await database.pool.execute(SUBJECT)
    config, file = ("--config", config_file, "--demo"), tmp_path / "proof.json"
    said = []
    for numbers, days in ((range(1, 11), -1_200), (range(11, 21), 0)):
        await disclose(database, [old(1, n, days) for n in numbers])
        async with await Database.open(dsn_of(ROLE_SEALER), size=2) as own:
            await seal_all(sealer(own))
        said.append(beffroi("archive", *config).stdout)
    erased = "Segment 0: 10 disclosures.\nSegment 0: 10 disclosures erased.\n"
    assert said == [erased, "Segment 1: 10 disclosures.\n"]
    scoped = beffroi("scope", "account=S1", "--json", "--proof", file, *config)
    assert scoped.returncode == 0, scoped.stderr
    checked = beffroi("verify-scope", file, "--key", KEY.verifier().text(), "--json")
    assert (checked.returncode, json.loads(checked.stdout)["selected"]) == (0, 10), checked.stdout
    audited = beffroi("audit", *config)
    assert audited.returncode == 0 and "10" in audited.stdout, audited.stdout


async def test_a_proof_for_somebody_is_encrypted_to_them(
    database: Database, dsn_of: DsnOf, hospitals, deployment, config_file: Path, tmp_path: Path
) -> None:
    """Only the holder of the key reads it; a wrong key, a wrong word and a taken name are errors in words."""
    await database.pool.execute(SUBJECT)
    await disclose(database, [old(1, n) for n in range(1, 4)])
    async with await Database.open(dsn_of(ROLE_SEALER), size=2) as own:
        await seal_all(sealer(own))
    config = ("--config", config_file, "--demo")
    identity, file = pyrage.x25519.Identity.generate(), tmp_path / "proof.age"
    ask = ("scope", "account-number=1", "--proof", file, "--recipient")
    done = beffroi(*ask, identity.to_public(), *config)
    assert done.returncode == 0, done.stderr
    assert b"beffroi-scope-proof/1" not in file.read_bytes()
    assert json.loads(pyrage.decrypt(file.read_bytes(), [identity]))["format"] == "beffroi-scope-proof/1"
    again = beffroi(*ask, identity.to_public(), *config)
    assert again.returncode == 1 and "it exists already" in again.stderr
    assert beffroi(*ask, "age1nothing", *config).returncode == 1
    wrong = beffroi("scope", "colour=blue", *config)
    assert wrong.returncode == 1 and "the word colour" in wrong.stderr
    assert beffroi("verify-scope", file, "--key", KEY.verifier().text()).returncode == 2
