"""Law 4: messages full of medicine go in, and none of it is anywhere afterwards.

A real deployment answers them; then every row of every table, every log line, every acknowledgement and every metric is
searched for each of their medical words.
"""

import asyncio
import re
from pathlib import Path

import asyncpg
import httpx2
import pytest

from beffroi.clock import Clock
from beffroi.store.database import ROLE_OWNER
from beffroi.store.registers import set_up
from beffroi_region.mllp_client import MllpConnection
from deployments import configuration, write_configuration
from faults.processes import Deployment

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "hl7v2-france"
EVENTS = tuple(
    "A01 A02 A03 A04 A05 A06 A07 A08 A11 A12 A13 A21 A22 A24 A28 A31 A37 A38 A40 A44 A47 A54 A55 Z99".split()  # noqa: SIM905
)
MEDICAL_SEGMENTS = tuple(
    "PV1 PV2 ROL DB1 OBX AL1 DG1 DRG PR1 GT1 IN1 IN2 ACC UB1 UB2 PDA NTE NK1 FT1 TXA OBR ORC SPM RXA RXE RXO RXR IAM "  # noqa: SIM905
    "IAR ARV CON CTD BLG GOL LCH MFE OM1 PEO PRB PRC PRD PSH PTH QAK RDF RF1 RGS SAC SCH STF TCC VAR "
    "ZBE ZFA ZFP ZFV ZFM ZFS ZXX".split()
)
FORBIDDEN_FIELDS = (10, 16, 17, 19, 22, 27, 35)
"""Of PID: race, marital status, religion, social security, ethnic group, veteran, species."""
WORD = re.compile(r"[^\W\d_]{5,}")
SITE = "000897406"


@pytest.fixture
async def deployment(tmp_path: Path, dsn_of, database):
    """A deployment whose first hospital is the one that the published messages come from."""
    await set_up(dsn_of(ROLE_OWNER), demo=True, clock=Clock())
    text = configuration(dsn_of).replace("CH-BEAUMONT", "CHU-X").replace("590000001", SITE)
    text = text.replace('["CHU-X"]', '["CHU-X", "labo", "Organisation-X", "Organisation-Y"]')
    running = Deployment(write_configuration(tmp_path, text), tmp_path / "deployment.log")
    await asyncio.to_thread(running.start)
    yield running
    running.kill()


def generated(event: str, number: int) -> tuple[str, set[str]]:
    """A message with every segment type, each field of which holds a medical word of its own; and those words."""
    words: set[str] = set()

    def word(segment: str, position: int) -> str:
        made = f"Maladie{segment.capitalize()}{chr(97 + position)}{event}"
        words.add(made)
        return made

    ids = f"G{number}^^^CHU-X&{SITE}&N^PI"
    fields = [""] * 39
    fields[0], fields[2], fields[4], fields[6], fields[7] = "1", ids, "ESSAI^ANNE^ANNE^^^^L", "19800412", "F"
    for position in FORBIDDEN_FIELDS:
        fields[position - 1] = word("pid", position % 26)
    fields[31] = "VALI"
    pid = "PID|" + "|".join(fields)
    header = f"MSH|^~\\&|GAM|CHU-X|B|R|20261124||ADT^{event}|G{number}|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8"
    segments = [header, f"EVN||20261124|||{word('evn', 1)}|", pid]
    if event in ("A40", "A47"):
        segments.append(f"MRG|O{number}^^^CHU-X&{SITE}&N^PI")
    if event in ("A24", "A37"):
        segments.append(pid.replace(f"|G{number}^", f"|H{number}^"))
    for name in MEDICAL_SEGMENTS:
        segments.append(f"{name}|1|" + "|".join(f"{word(name, p)}^{word(name, p)}&b~c" for p in range(2, 12)))
    return "\r".join(segments) + "\r", words


async def everything(dsn: str) -> str:
    """Every row of every table, as text."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        rows: list[str] = []
        for (table,) in tables:
            rows += [row[0] for row in await connection.fetch(f'select t::text from "{table}" t')]
        return "\n".join(rows)
    finally:
        await connection.close()


async def traces(deployment, dsn: str, answers: list[bytes]) -> str:
    async with httpx2.AsyncClient(trust_env=False) as client:
        metrics = (await client.get(f"http://127.0.0.1:{deployment.operations_port}/metrics")).text
    answered = b"\n".join(answers).decode("utf-8", "replace")
    return "\n".join([await everything(dsn), deployment.log_text(), metrics, answered])


async def send_all(port: int, messages: list[bytes]) -> list[bytes]:
    async with await MllpConnection.open("127.0.0.1", port) as connection:
        return [(await connection.send(message)).content for message in messages]


async def test_nothing_medical_of_any_segment_is_kept(deployment, dsn) -> None:
    """Every event with every segment, each field a medical word: not one of them is anywhere afterwards."""
    made = [generated(event, number) for number, event in enumerate(EVENTS)]
    made += [
        (text.replace("ADT^A01", kind), words) for kind in ("ORU^R01", "MDM^T02", "SIU^S12") for text, words in made[:1]
    ]
    answers = await send_all(deployment.mllp_port, [text.encode() for text, _ in made])
    found = await traces(deployment, dsn, answers)
    words = set().union(*(words for _, words in made))
    assert len(words) > 5_000
    assert {word for word in words if word in found} == set()
    assert "ESSAI" in found  # the identity itself is there: the search looks in the right place


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published messages are not beside this checkout (shared/data)")
async def test_nothing_medical_of_the_published_messages_is_kept(deployment, dsn) -> None:
    """Published reports, documents, stays and consents are answered, and no word of theirs is kept."""
    before = await traces(deployment, dsn, [])
    files = sorted(path.read_bytes() for path in PUBLISHED.iterdir())
    messages = [b"\r".join(line.strip() for line in content.splitlines() if line.strip()) + b"\r" for content in files]
    answers = await send_all(deployment.mllp_port, messages)
    found = await traces(deployment, dsn, answers)
    kept_segments = (b"MSH", b"EVN", b"PID", b"ZFD")
    identity, medical = set(), set()
    for message in messages:
        for segment in message.split(b"\r"):
            text = segment.decode("utf-8", "replace")
            (identity if segment[:3] in kept_segments else medical).update(WORD.findall(text))
    medical -= identity | set(WORD.findall(before))
    assert len(medical) > 50
    assert {word for word in medical if re.search(rf"\b{word}\b", found)} == set()
    assert "DOMINIQUE" in found
