"""The doctor: a sound installation is said to be sound, and each fault is found and said in both languages."""

import datetime
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

from beffroi.app.preparation import migrate_and_set_up
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.doctor import files
from beffroi.doctor.examination import examine
from beffroi.doctor.finding import Finding, Level, exit_code
from beffroi.model.account import Role
from beffroi.model.job import Job, JobRun
from beffroi.store.database import ROLE_OWNER, ROLE_WEB, Database
from beffroi.store.jobs import JobStore
from deployments import configuration, write_configuration
from doubles import FakeClock

DsnOf = Callable[[str], str]


@pytest.fixture
async def sound(tmp_path: Path, dsn_of: DsnOf) -> Path:
    """A configuration without a fault, on a database that was set up for it."""
    with_owner = write_configuration(tmp_path, configuration(dsn_of))
    await migrate_and_set_up(load(with_owner, demo=True), demo=True, clock=Clock())
    config_file = write_configuration(tmp_path, configuration(dsn_of, owner=False))
    config_file.chmod(0o640)
    key = ECKey.generate_key("P-256", {"kid": "demo-1"})
    (tmp_path / "keys.json").write_bytes(msgspec.json.encode({"keys": [key.as_dict(private=False)]}))
    return config_file


def faults(findings: list[Finding]) -> dict[str, list[str]]:
    """What is not good, by check, in English; both languages say something."""
    wrong = [finding for finding in findings if finding.level in (Level.WARNING, Level.ERROR)]
    assert all(finding.text("en") and finding.text("fr") for finding in findings)
    found: dict[str, list[str]] = {}
    for finding in wrong:
        found.setdefault(finding.check, []).append(finding.text("en"))
    return found


async def test_a_sound_installation_is_said_to_be_sound(sound: Path) -> None:
    """Nothing is wrong, the exit code is 0, and everything that was looked at is named."""
    findings = await examine(sound, Clock(), demo=True)
    assert faults(findings) == {}
    assert exit_code(findings) == 0
    looked_at = {finding.check for finding in findings}
    assert looked_at >= {"configuration", "rights", "version", "durability", "migrations", "clock", "registers"}
    assert looked_at >= {"issuer", "disk", "ceiling", "deployment"}


async def test_the_ceilings_are_printed(sound: Path) -> None:
    """What one account of each reading role can be shown is a number that the doctor prints, in a crisis too."""
    told = [finding.text("en") for finding in await examine(sound, Clock(), demo=True) if finding.check == "ceiling"]
    assert any(text.startswith(f"{Role.WARD_NURSE}: at most 145 patients in 24 hours, 920 in 30 days") for text in told)
    assert any("(175 in 24 hours while a crisis is declared)" in text for text in told)


async def test_a_configuration_that_cannot_be_read_is_the_only_finding(tmp_path: Path) -> None:
    """Without a configuration there is nothing else to look at."""
    findings = await examine(tmp_path / "nowhere.toml", Clock())
    assert list(faults(findings)) == ["configuration"] and exit_code(findings) == 2


async def test_what_is_open_to_others_is_found(sound: Path, dsn_of: DsnOf) -> None:
    """A configuration that others may write, and a secret that others may read, are errors."""
    sound.chmod(0o666)
    secret = sound.with_name("web.secret")
    secret.write_text("geheim")
    secret.chmod(0o644)
    text = sound.read_text().replace("[database]", '[database]\nweb_password_file = "web.secret"')
    sound.write_text(text)
    found = faults(await examine(sound, Clock(), demo=True))
    assert "chmod 640" in found["configuration"][0]
    assert "chmod 600" in found["secret"][0] and "geheim" not in str(found)


async def test_a_web_role_that_may_rewrite_disclosures_is_an_error(sound: Path, database: Database) -> None:
    """The doctor is not content while the web role may change what was disclosed, or grant itself rights."""
    await database.pool.execute("grant update on disclosures to beffroi_web; grant insert on grants to beffroi_web")
    found = faults(await examine(sound, Clock(), demo=True))
    assert "beffroi_web may change or delete disclosures." in found["rights"][0]
    assert "insert grants" in found["rights"][1]


async def test_missing_rights_are_named(sound: Path, database: Database) -> None:
    """A right that a process needs and lacks is named with its table."""
    await database.pool.execute("revoke insert on seen from beffroi_web")
    found = faults(await examine(sound, Clock(), demo=True))
    assert "beffroi_web lacks rights: insert seen." in found["rights"][0]


async def test_a_login_that_is_not_its_role_is_a_warning(sound: Path, dsn_of: DsnOf) -> None:
    """One role for everything is found, per address."""
    sound.write_text(sound.read_text().replace(dsn_of("beffroi_worker"), dsn_of(ROLE_WEB)))
    found = faults(await examine(sound, Clock(), demo=True))
    assert "database.worker_url acts as beffroi_web" in found["role"][0]


async def test_a_job_that_did_not_run_is_an_error(sound: Path, database: Database) -> None:
    """The doctor says since when, and of one that fails again and again why; a good worker is said to be good."""
    now, second = Clock().now(), datetime.timedelta(seconds=1)
    jobs = JobStore(database)
    alerts = JobRun(Job.ALERTS, "", now, now, now, now)
    await jobs.know([alerts])
    assert "jobs" not in faults(await examine(sound, Clock(), demo=True))
    dead = JobRun(Job.SEALING, "", now - 90 * second, now, now - 91 * second, now - 90 * second)
    failing = msgspec.structs.replace(alerts, failure="TimeoutError", failures=3)
    await jobs.note([failing, dead])
    found = faults(await examine(sound, Clock(), demo=True))["jobs"]
    assert found[0].startswith("Failed 3 times in a row: Alerts to the duty officer: the database or another server")
    assert found[1].startswith("Overdue since") and "Sealing disclosures in the ledger" in found[1]


async def test_weak_durability_is_an_error(sound: Path, database: Database) -> None:
    """A database that acknowledges before it has written is an error."""
    name = await database.pool.fetchval("select current_database()")
    await database.pool.execute(f'alter database "{name}" set synchronous_commit = off')
    assert "synchronous_commit" in faults(await examine(sound, Clock(), demo=True))["durability"][0]


async def test_a_clock_that_is_wrong_is_found(sound: Path) -> None:
    """A difference of seconds between the database's clock and ours is told in seconds."""
    found = faults(await examine(sound, FakeClock(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)), demo=True))
    assert "differ by" in found["clock"][0]


async def test_what_the_registers_lack_is_said(sound: Path) -> None:
    """A configuration that the database does not know yet is an error with the differences."""
    sound.write_text(sound.read_text().replace("CH de Beaumont", "CHU de Beaumont"))
    assert (
        "hospital changed: CHU de Beaumont (name)" in faults(await examine(sound, Clock(), demo=True))["registers"][0]
    )


async def test_an_owner_beside_the_others_is_a_warning(sound: Path, dsn_of: DsnOf) -> None:
    """The owner's address in the file that serve reads is a warning: exit code 1."""
    write_configuration(sound.parent, configuration(dsn_of).replace("http://127.0.0.1:9/issuer", "https://issuer.test"))
    (sound.parent / "keys.json").unlink()
    findings = await examine(sound, Clock())
    found = faults(findings)
    assert "owner" in found and "issuer" in found
    assert exit_code([finding for finding in findings if finding.check == "owner"]) == 1


async def test_a_demonstration_is_no_place_for_patients(sound: Path) -> None:
    """A demonstration's database behind a real configuration is an error."""
    sound.write_text(sound.read_text().replace("http://127.0.0.1:9/issuer", "https://issuer.test"))
    found = faults(await examine(sound, Clock()))
    assert "demonstration" in found["deployment"][0]
    assert "issuer[0]" in found["issuer"][0]  # the demonstration's keys are not accepted either


async def test_weakening_settings_and_shared_credentials_are_warnings(sound: Path) -> None:
    """Bearer tokens, proofs without a nonce, and one credential for feed and questions are warned of."""
    text = sound.read_text().replace("jwks_file", "allow_bearer = true\ndpop_nonce = false\njwks_file")
    text = text.replace('role = "feed"', 'role = "hospital_application"\nmay_query = true')
    sound.write_text(text)
    found = faults(await examine(sound, Clock(), demo=True))
    assert len(found["settings"]) == 2 and "GAM feeds and asks" in found["credentials"][0]


async def test_an_unreachable_database_is_said_for_each_role(sound: Path) -> None:
    """No database: an error for each address, and no more."""
    sound.write_text(sound.read_text().replace("host=", "host=/nowhere&x="))
    found = faults(await examine(sound, Clock(), demo=True))
    assert len(found["database"]) == 3


async def test_migrations_to_apply_are_counted(sound: Path, database: Database) -> None:
    """A database behind this release is an error with what to run."""
    await database.pool.execute("delete from migrations where number > 1")
    found = faults(await examine(sound, Clock(), demo=True))
    assert "beffroi migrate" in found["migrations"][0]


def certificate(folder: Path, name: str, until: datetime.datetime) -> None:
    """A self-signed certificate and its key, in PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "beffroi.test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(until - datetime.timedelta(days=365))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.key").write_bytes(private)
    (folder / f"{name}.key").chmod(0o600)


@pytest.fixture
async def with_tls(sound: Path) -> Path:
    """The sound installation with TLS on the web door."""
    text = sound.read_text().replace("[web]", '[web]\ntls_certificate = "a.pem"\ntls_key = "a.key"')
    sound.write_text(text)
    return sound


@pytest.mark.parametrize(("days", "said"), [(-1, "expired on"), (10, "expires on"), (300, "")])
async def test_the_end_of_a_certificate_is_seen_coming(with_tls: Path, days: int, said: str) -> None:
    """Expired is an error, soon a warning, later nothing."""
    until = Clock().now() + datetime.timedelta(days=days)
    certificate(with_tls.parent, "a", until)
    found = faults(await examine(with_tls, Clock(), demo=True))
    assert (said in found["certificate"][0]) if said else ("certificate" not in found)


async def test_a_key_of_another_certificate_is_found(with_tls: Path) -> None:
    """A certificate with somebody else's key is an error before anybody connects."""
    until = Clock().now() + datetime.timedelta(days=300)
    certificate(with_tls.parent, "a", until)
    certificate(with_tls.parent, "b", until)
    (with_tls.parent / "b.key").replace(with_tls.parent / "a.key")
    assert "not usable together" in faults(await examine(with_tls, Clock(), demo=True))["certificate"][0]


async def test_a_full_disk_is_seen_coming(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little room is a warning, almost none an error."""
    monkeypatch.setattr(files, "ROOM_BYTES_LOW", 2**60)
    assert "disk" in faults(await examine(sound, Clock(), demo=True))
    monkeypatch.setattr(files, "ROOM_BYTES_MIN", 2**60)
    assert exit_code(await examine(sound, Clock(), demo=True)) == 2


def test_the_owner_is_not_examined_as_a_server() -> None:
    """The roles whose rights are compared are those that serve."""
    from beffroi.store.inspection import FORBIDDEN, NEEDED

    assert set(NEEDED) == set(FORBIDDEN) and ROLE_OWNER not in NEEDED
