"""The ledger of a whole deployment: a key is made, a disclosure sealed and published; the audit finds what it must."""

import asyncio
import stat
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from beffroi.app.serving import serving
from beffroi.clock import Clock
from beffroi.ledger.checkpoint import VerifierKey, opened, signing_keys
from beffroi.ledger.cosignature import cosigned
from beffroi.store.database import ROLE_OWNER, ROLE_SEALER, Database
from beffroi.store.registers import set_up
from commands import told
from deployments import configuration, write_configuration
from disclosed import KEY, ORIGIN, disclose, row
from sinks import HttpSink
from witnesses import WITNESS, witness_process

DsnOf = Callable[[str], str]


def with_ledger(dsn_of: DsnOf) -> str:
    text = configuration(dsn_of, more=f'[ledger]\norigin = "{ORIGIN}"\nkey_file = "ledger.key"\n')
    return text.replace("pool_size = 2", f'pool_size = 2\nsealer_url = "{dsn_of(ROLE_SEALER)}"')


async def test_a_disclosure_is_sealed_published_and_audited(tmp_path: Path, dsn_of: DsnOf, database: Database) -> None:
    """By the real processes: a key that only its owner reads, a checkpoint in a second, a repository
    that is told, a sound audit."""
    await set_up(dsn_of(ROLE_OWNER), demo=True, clock=Clock())
    trail = await HttpSink(status=201).start()
    table = f'[[audit_repository]]\nname = "region"\nurl = "http://127.0.0.1:{trail.port}/fhir"\n'
    config = write_configuration(tmp_path, with_ledger(dsn_of) + table)
    key_file = tmp_path / "ledger.key"
    code, said = await told("keygen", "--out", key_file, "--origin", ORIGIN)
    assert code == 0 and stat.S_IMODE(key_file.stat().st_mode) == 0o600
    verifier = VerifierKey.parse(said.strip())
    assert signing_keys(key_file.read_text())[0].verifier() == verifier
    assert (await told("keygen", "--out", key_file, "--origin", ORIGIN))[0] == 1, "never over another file"

    async with serving(config, demo=True) as addresses, httpx2.AsyncClient() as client:
        base = f"http://{addresses.operations[0]}:{addresses.operations[1]}"
        assert (await client.get(f"{base}/checkpoint")).status_code == 404
        await disclose(database, [row(1, 1), row(2, 1)])
        committed_s = time.monotonic()
        while (answer := await client.get(f"{base}/checkpoint")).status_code != 200:
            assert time.monotonic() < committed_s + 20
            await asyncio.sleep(0.02)
        assert opened(answer.text, [verifier]).size == 2
        assert len((await client.get(f"{base}/tile/0/000.p/2")).content) == 64
        assert "beffroi_sealed_leaves_total 2.0" in (await client.get(f"{base}/metrics")).text
        counted = 'beffroi_audit_events_total{kind="fhir",result="taken"} 2.0'
        while counted not in (await client.get(f"{base}/metrics")).text:
            assert time.monotonic() < committed_s + 20
            await asyncio.sleep(0.02)
        assert [got.path for got in trail.got] == ["/fhir/AuditEvent"] * 2
    await trail.stop()
    code, said = await told("doctor", "--demo", "--config", config)
    assert "region (disclosures): 0 wait." in said and "region (feed): 0 wait." in said
    code, said = await told("repositories", "--demo", "--config", config)
    assert (code, said.strip()) == (0, "region (disclosures): 0 wait, 0 refused. \nregion (feed): 0 wait, 0 refused.")

    kept = tmp_path / "checkpoint"
    kept.write_bytes(answer.content)
    audit = ("audit", "--demo", "--config", config, "--checkpoint", kept)
    code, said = await told(*audit, "--json")
    assert (code, '"sound": true' in said, '"leaves": 2' in said) == (0, True, True)
    key_file.unlink()
    code, said = await told(*audit, "--key", verifier.text())
    assert code == 0 and "2 leaves, " in said and "0 faults" in said, "an auditor needs no private key"
    audit = (*audit, "--key", verifier.text())
    await database.pool.execute("update disclosures set reason = 'another' where disclosure_id = 1")
    code, said = await told(*audit)
    assert code == 2 and "disclosure 1 is not what leaf 0 commits to" in said


async def test_a_witness_of_somebody_else_cosigns_what_is_published(
    tmp_path: Path, dsn_of: DsnOf, database: Database
) -> None:
    """`beffroi witness` in a process of its own: a moment after its seal, the published checkpoint bears its word."""
    await set_up(dsn_of(ROLE_OWNER), demo=True, clock=Clock())
    (tmp_path / "ledger.key").write_text(KEY.secret_text())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with witness_process(elsewhere) as (address, _):
        text = with_ledger(dsn_of).replace("[ledger]\n", "[ledger]\nwitnesses_min = 1\n")
        tables = f'[[witness]]\nurl = "{address}"\nkey = "{WITNESS.verifier().text()}"\n'
        config = write_configuration(tmp_path, text + tables)
        async with serving(config, demo=True) as addresses, httpx2.AsyncClient() as client:
            await disclose(database, [row(1, 1), row(2, 1)])
            started_s, note = time.monotonic(), ""
            while not note or not cosigned(note, [WITNESS.verifier()]):
                assert time.monotonic() < started_s + 20
                await asyncio.sleep(0.02)
                answer = await client.get(f"http://{addresses.operations[0]}:{addresses.operations[1]}/checkpoint")
                note = answer.text if answer.status_code == 200 else ""
            assert opened(note, [KEY.verifier()]).size == 2
        code, said = await told("doctor", "--demo", "--config", config)
        assert f"Witness {WITNESS.name} cosigned 2 leaves." in said, (code, said)


@pytest.mark.parametrize(
    ("content", "words"), [("", "something else than keys"), (None, "cannot be read"), ("other", "bear another name")]
)
async def test_a_key_that_does_not_fit_is_said_in_words(
    tmp_path: Path, dsn_of: DsnOf, content: str | None, words: str
) -> None:
    """No file, an empty one, or a key of another ledger."""
    config = write_configuration(tmp_path, with_ledger(dsn_of))
    if content == "other":
        await told("keygen", "--out", tmp_path / "ledger.key", "--origin", "elsewhere.test")
    elif content is not None:
        (tmp_path / "ledger.key").write_text(content)
    code, said = await told("audit", "--demo", "--config", config)
    assert code == 1 and words in said


async def test_a_key_that_is_none_is_said_in_words(tmp_path: Path, dsn_of: DsnOf) -> None:
    """On the command line too."""
    config = write_configuration(tmp_path, with_ledger(dsn_of))
    code, said = await told("audit", "--demo", "--config", config, "--key", "nonsense")
    assert code == 1 and "not a public key" in said


async def test_without_a_ledger_there_is_nothing_to_audit(tmp_path: Path, dsn_of: DsnOf) -> None:
    """Said in words."""
    config = write_configuration(tmp_path, configuration(dsn_of))
    code, said = await told("audit", "--demo", "--config", config)
    assert code == 1 and "[ledger]" in said
