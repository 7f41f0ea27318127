"""What stands in a region whose console has something of everything to show: patients, jobs, keys, applications."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from ssl import DER_cert_to_PEM_cert
from typing import Any

from beffroi.ledger.checkpoint import Checkpoint, SigningKey, signed
from beffroi.model.job import Job, JobRun
from beffroi.model.person import OID_INS_NIR_TEST, Address, IdentityAttribute, IdentityStatus, Ins, Sex
from beffroi.store.jobs import JobStore
from credentials import certificate
from disclosed import KEY
from requests_and_records import record


async def people(put: Callable[..., Awaitable[int]]) -> None:
    """Aldegonde with everything, a homonym, one under protected access, and too many Durands."""
    ins = Ins("297022A02077878", OID_INS_NIR_TEST)
    home = (Address(("1 rue Haute",), "Bollezeele", "59470"),)
    content = record(
        "QUESNOY", "Aldegonde", used_family="VANDAMME", status=IdentityStatus.QUALIFIED, ins=ins, addresses=home
    )
    person = await put(1, "IPP-8", content, explained_h=5)
    await put(2, "V-8", content, person=person)
    await put(1, "IPP-9", record("QUESTEL", "Anne"), explained_h=5)
    await put(1, "IPP-10", record("MARTIN", "Louise", restricted=True))
    await doubtful(put)
    await put(2, "V-11", record("MORVAN", "Zoé"))
    for number in range(25):
        await put(1, f"N-{number}", record("DURAND", f"L{chr(97 + number)}"), explained_h=5)


async def doubtful(put: Callable[..., Awaitable[int]]) -> None:
    """Somebody who bears Aldegonde's INS, twice in one hospital, almost the same in two, and one in doubt."""
    ins = Ins("297022A02077878", OID_INS_NIR_TEST)
    await put(2, "V-9", record("QUESNOIS", "Audegonde", status=IdentityStatus.QUALIFIED, ins=ins, sex=Sex.MALE))
    await put(1, "IPP-20", record("BERTHELOT", "Éloïse", birth_given_list="ÉLOÏSE MARIE"))
    await put(1, "IPP-21", record("BERTHELOT", "Éloïse"))
    await put(1, "IPP-22", record("DELATTRE", "Anne-Sophie", birth_date=date(1980, 3, 5)))
    await put(2, "V-22", record("DELATTRE", "Anne-Sophie", birth_date=date(1980, 5, 3)))
    await put(1, "IPP-23", record("INCONNU", "Xavier", attributes=(IdentityAttribute.DOUBTFUL,)))


async def noted(served: Any) -> None:
    """A worker's jobs, one of each state."""
    now, second = served.clock.now(), timedelta(seconds=1)
    took = {"noted_at": now, "begun_at": now - 75 * second, "ended_at": now, "took_s": 75.0}
    runs = [
        JobRun(Job.SEALING, "", now, now, now - second, now, 0.004, done_count=12, done_at=now - 90 * second),
        JobRun(Job.COSIGNING, "witness.example/w1", now + 30 * second, now, now, failure="away", failures=41),
        JobRun(Job.ALERTS, "", now, **took, failure="FetchFailed", failures=3, waiting=2),
        JobRun(Job.COMPARING, "", now - 500 * second, now, now - 500 * second),
        JobRun(Job.HOUSEKEEPING, "", now + 60 * second, **took, done_count=5_000, done_at=now),
    ]
    await JobStore(served.database).know(runs)
    await JobStore(served.database).note(runs)


async def trusted(served: Any) -> None:
    """A ledger whose key was changed, two witnesses of which one is away, and a certificate that ends tomorrow."""
    pool, now = served.database.pool, served.clock.now()
    first, second = KEY, SigningKey(KEY.name, bytes(32))
    for number in range(1, 10):
        keys = [first] if number < 4 else [first, second] if number < 6 else [second]
        note = signed(Checkpoint(KEY.name, number * 10, bytes(32)), keys)
        checkpoint = (number * 10, bytes(32), note, now - timedelta(days=10 - number), number)
        await pool.execute("insert into checkpoints values ($1, $2, $3, $4, $5)", *checkpoint)
    for witness, state in (("witness.example/w1", "cosigned"), ("witness.example/w2", "away")):
        await pool.execute("insert into witness_states values ($1, $2, 90, $3)", witness, state, now)
    await pool.execute("insert into cosignatures values (90, 'witness.example/w1', 1, '', $1)", now)
    (served.folder / "syslog.pem").write_text(DER_cert_to_PEM_cert(certificate("beffroi.test", now)))


async def enrolled(served: Any) -> None:
    """Applications of each kind: fed by a certificate, asking by a token, stopped, and without a right any more."""
    await served.database.pool.execute(
        """with made as (
               insert into accounts (kind, issuer, subject, display_name)
               select 'application', 'urn:beffroi:local', one, one
               from unnest(array['EAI de Beaumont', 'DPI de Valcourt', 'bornes', 'ancien']) as one
               returning account_id, subject
           ), given as (
               insert into grants (account_id, hospital_id, role, granted_by)
               select account_id, 1, 'hospital_application', 'configuration' from made where subject <> 'ancien'
           ), asked as (
               insert into account_states (account_id, frozen, asked_at)
               select account_id, subject = 'bornes', $1 from made where subject in ('bornes', 'DPI de Valcourt')
           ), fed as (insert into feeds values (1, $1, 12) on conflict do nothing)
           insert into credentials select 'x5t:' || repeat('ab', 32), account_id, 1, true, false
           from made where subject like 'EAI%'""",
        served.clock.now(),
    )
