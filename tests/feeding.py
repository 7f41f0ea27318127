"""What tests of the feed share: a small world in which identities meet often, and the register's content as values."""

from datetime import date
from random import Random

from beffroi.model.account import AccountId
from beffroi.model.feed import FeedEvent, FeedKind, MessageKey, Patch
from beffroi.model.person import (
    OID_INS_NIR_TEST,
    BirthPlace,
    HospitalId,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    Sex,
)
from beffroi.store.database import Database
from twins.register_twin import SENSITIVE, RegisterTwin

FEED = AccountId(70)
INS_VALUES = ("297022A02077878", "236066322083656", "109076322083489")
EXPLAINS_S = 3600


def patch(family: str = "DARK", status: str = "VALI", ins: str = "", **more: object) -> Patch:
    """A complete set of strict traits."""
    return Patch(
        birth_family=family,
        birth_given="JEANNE",
        birth_given_list="JEANNE MARIE",
        birth_date=date(1960, 5, 30),
        sex=Sex.FEMALE,
        birth_place=BirthPlace(cog="88154"),
        status=IdentityStatus(status),
        ins=Ins(ins, OID_INS_NIR_TEST) if ins else None,
        **more,  # type: ignore[arg-type]
    )


def event(
    ipp: str, what: Patch | None = None, *, kind: str = "upsert", other: str = "", hospital: int = 1, control: str = ""
) -> FeedEvent:
    """An event of a hospital's feed, with a message key when it has a control id."""
    key = MessageKey("GAM", "CHU", control, f"{kind}{ipp}{other}".encode()[:16].ljust(16, b"\0")) if control else None
    said = patch() if what is None else what
    return FeedEvent(FeedKind(kind), HospitalId(hospital), ipp, said, other, explains_s=EXPLAINS_S, key=key)


def random_event(random: Random, hospital: int, ipps: list[str]) -> FeedEvent:
    """Mostly updates of a few people who resemble each other, sometimes merges, changes, links, wrong ones."""
    kind = random.choice(
        ["upsert"] * 12 + ["merge", "change_identifier", "link", "unlink", "remove_ins", "remove", "ignored"]
    )
    ipp, other = random.choice(ipps), random.choice(ipps)
    if random.random() < 0.3:
        return event(ipp, Patch(), kind=kind, other=other, hospital=hospital)
    status = random.choice(["VALI", "VALI", "VALI", "PROV", "RECUP"])
    ins = random.choice(["", "", *INS_VALUES[:2]])
    attributes = random.choice([None, None, None, (), (IdentityAttribute.DOUBTFUL,), (IdentityAttribute.HOMONYM,)])
    said = patch(random.choice(["DARK", "DARC", "Dark"]), status, ins, attributes=attributes)
    return event(ipp, said, kind=kind, other=other, hospital=hospital)


async def register_of(database: Database) -> tuple[dict[tuple[int, str], tuple[object, ...]], set[frozenset[object]]]:
    """(identities by hospital and IPP, persons as sets of those), checked for what must always hold."""
    rows = await database.pool.fetch(
        """select i.*, i.state::text as state_text, s.ipp as survivor from identities i
           left join identities s on s.identity_id = i.merged_into"""
    )
    people: dict[int, list[object]] = {}
    for row in rows:
        people.setdefault(row["person_id"], []).append(row)
    for person, members in people.items():
        oldest = min(members, key=lambda row: (row["hospital_id"] in SENSITIVE, row["identity_id"]))  # type: ignore[index]
        assert person == oldest["identity_id"]  # type: ignore[index]
    identities = {
        (row["hospital_id"], row["ipp"]): (
            row["record"],
            row["state_text"],
            row["survivor"],
            row["explains_until"],
            row["fed_by"],
            row["updated_at"],
        )
        for row in rows
    }
    cells = {frozenset((r["hospital_id"], r["ipp"]) for r in members) for members in people.values()}  # type: ignore[index]
    return identities, cells  # type: ignore[return-value]


def content_of(twin: RegisterTwin) -> dict[tuple[int, str], tuple[object, ...]]:
    """The same of the twin."""
    import msgspec

    return {
        (i.hospital_id, i.ipp): (
            msgspec.json.encode(i.record).decode(),
            i.state.value,
            twin.identities[i.merged_into].ipp if i.merged_into is not None else None,
            i.explains_until,
            i.fed_by,
            i.updated_at,
        )
        for i in twin.identities.values()
    }
