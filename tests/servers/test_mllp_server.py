"""The HL7 v2 door over real sockets: order, durable before it acknowledges, broken frames, limits, a graceful stop."""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import hl7
import hl7.client
import hl7.mllp
import hl7apy.core
import hl7apy.parser
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beffroi.actions.pages import Page
from beffroi.errors import OperatorError, TooBroad, Unavailable, UnknownDomain, UnknownIdentity, Words
from beffroi.model.disclosure import Answer, DisclosureId, Field, Operation, Outcome, Purpose, Shown
from beffroi.model.feed import FeedEvent, FeedKind, FeedOutcome, Patch
from beffroi.model.person import (
    OID_INS_NIR_TEST,
    Address,
    BirthPlace,
    IdentityStatus,
    Ins,
    PersonId,
    Record,
    Sex,
)
from beffroi.servers.http_server import listen
from beffroi.servers.mllp_messages import Peer
from beffroi.servers.mllp_server import BROKEN_FRAMES_MAX, IN_FLIGHT_MAX, MllpLimits, serve_mllp, tls_context
from beffroi.wire.hl7 import parse
from beffroi.wire.mllp import END_BLOCK, START_BLOCK, frame
from servers.mllp_certificates import Authority
from servers.mllp_doubles import CALLER, Serving, World, serving
from wire.hl7_messages import CHU, INS, OTHER, adt, ipp, message, msh, pid
from wire.test_hl7_query import qbp

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "hl7v2-france"
PDQ = qbp("Q22", "QPD|IHE PDQ Query|T1|@PID.5.1^MARTIN", "RCP|I")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def door(world: World) -> AsyncIterator[Serving]:
    async with serving(world.messages()) as running:
        yield running


async def test_an_acknowledgement_comes_when_the_event_is_applied(world: World, door: Serving) -> None:
    """AA leaves only after the register has returned."""
    world.registrar.open.clear()
    client = await door.client()
    await client.write(adt(control="c1"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.read()
    world.registrar.open.set()
    assert (await client.read())[1] == "MSA|AA|c1"
    (event,), (source,) = world.registrar.applied, world.registrar.sources
    assert (event.ipp, source.account_id, source.hospital_id) == ("42", CALLER.account_id, CHU.hospital_id)


async def test_replies_leave_in_the_order_of_the_messages(world: World, door: Serving) -> None:
    """Many messages at once: begun in order, a bounded number at a time, answered in order, each once."""
    world.registrar.open.clear()
    client = await door.client()
    count = 3 * IN_FLIGHT_MAX
    await client.write(*(adt(control=f"c{n}", ids=ipp(str(n))) for n in range(count)))
    await asyncio.sleep(0.1)
    assert len(world.registrar.begun) <= IN_FLIGHT_MAX + 2
    world.registrar.open.set()
    assert [(await client.read())[1] for _ in range(count)] == [f"MSA|AA|c{n}" for n in range(count)]
    assert [event.ipp for event in world.registrar.begun] == [str(n) for n in range(count)]


async def test_a_question_sees_what_was_fed_before_it(world: World, door: Serving) -> None:
    """A query waits for the feed messages in front of it on its connection, and what follows waits for the query."""
    world.registrar.open.clear()
    client = await door.client()
    await client.write(adt(control="a"), PDQ, adt(control="b"))
    await asyncio.sleep(0.05)
    assert len(world.registrar.begun) == 1 and not world.finder.asked
    world.registrar.open.set()
    assert [(await client.read())[1] for _ in range(3)] == ["MSA|AA|a", "MSA|AA|5", "MSA|AA|b"]


async def test_a_message_cut_into_single_bytes_is_answered(door: Serving) -> None:
    """The network may deliver a message byte by byte."""
    client = await door.client()
    for byte in frame(adt(control="slow")):
        client.writer.write(bytes([byte]))
        await client.writer.drain()
    assert (await client.read())[1] == "MSA|AA|slow"


PIECES = st.lists(
    st.one_of(
        st.sampled_from([b"ADT^A28", b"ADT^A40", b"QBP^Q22", b"QBP^Q23", b"QCN^J01", b"ORU^R01", b"2.5", b"CHU-ESSAI"]),
        st.sampled_from(
            [b"\r", b"|", b"^", b"~", b"\\", b'""', b"PID|1||42^^^CHU-ESSAI^PI||A^B", b"QPD|x|T1|", b"MRG|"]
        ),
        st.binary(max_size=6),
    ),
    max_size=30,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=PIECES, headed=st.booleans())
def test_whatever_comes_is_answered_once(capfd: pytest.CaptureFixture[str], pieces: list[bytes], headed: bool) -> None:
    """Any frame gets one reply that can be framed and read: accepted, or refused, and never by a fault of ours."""
    header = b"MSH|^~\\&|GAM|CHU-ESSAI|B|R|2026||" if headed else b""

    async def answered() -> bytes:
        work = await World().messages().prepare(header + b"".join(pieces), Peer("127.0.0.1"))
        return (await work.run()).content

    content = asyncio.run(answered())
    frame(content)
    reply = parse(content).segments("MSA", "ERR")
    assert reply[0].text(1) in ("AA", "AE", "AR")
    assert reply[0].text(1) == "AA" or len(reply) > 1
    assert "_failed" not in capfd.readouterr().err


async def test_a_broken_frame_never_harms_the_next(world: World, door: Serving) -> None:
    """Garbage, a lost start, a cut frame, an over-long one: the message behind each is answered as if alone."""
    client = await door.client()
    lost_start = adt(control="lost") + END_BLOCK + b"\r"
    client.writer.write(b"noise\r\n" + frame(adt(control="1")))
    client.writer.write(START_BLOCK + adt(control="cut")[:50] + frame(adt(control="2")))
    client.writer.write(frame(b"") + frame(b"\xff\xfe") + lost_start + frame(adt(control="3")))
    answers = [(await client.read())[1] for _ in range(6)]
    assert answers == ["MSA|AA|1", "MSA|AA|2", "MSA|AR", "MSA|AR", "MSA|AR|lost", "MSA|AA|3"]
    assert len(world.registrar.applied) == 3


async def test_an_over_long_message_is_refused_by_its_number(world: World) -> None:
    """The sender of too much learns which message it was, and the next one is taken."""
    async with serving(world.messages(), MllpLimits(message_bytes=2000)) as door:
        client = await door.client()
        await client.write(adt("A28", "OBX|" + "x" * 5000, control="big"), adt(control="next"))
        refused = await client.read()
        assert refused[1] == "MSA|AR|big" and "2000 octets" in refused[2]
        assert (await client.read())[1] == "MSA|AA|next"


async def test_who_speaks_no_mllp_is_disconnected(door: Serving) -> None:
    """After many broken frames the server hangs up."""
    client = await door.client()
    client.writer.write(START_BLOCK * (BROKEN_FRAMES_MAX + 2))
    with pytest.raises(EOFError):
        await client.read()


REFUSALS = {
    "a report": (message("MSH|^~\\&|L|CHU-ESSAI|||1||ORU^R01|c|P|2.5", pid(), "OBX|1|TX|||SECRET"), "AR", "200"),
    "a document": (message("MSH|^~\\&|L|CHU-ESSAI|||1||MDM^T02|c|P|2.5", pid(), "TXA|SECRET"), "AR", "200"),
    "an appointment": (message("MSH|^~\\&|L|CHU-ESSAI|||1||SIU^S12|c|P|2.5", pid(), "AIS|SECRET"), "AR", "200"),
    "an unknown event": (adt("R99", control="c"), "AR", "201"),
    "a move of one patient's number": (adt("A43", control="c"), "AR", "201"),
    "an old version": (message(msh("A28", "c", version="2.1"), pid()), "AR", "203"),
    "an unknown sender": (message(msh("A28", "c").replace("GAM|CHU-ESSAI", "GAM|ELSEWHERE"), pid()), "AR", "207"),
    "another domain": (adt(ids=ipp("SECRET", OTHER.namespace), control="c"), "AE", "207"),
    "no name": (adt(names="", control="c"), "AE", "101"),
    "ITI-22": (qbp("ZV1", "QPD|x|T1|SECRET"), "AR", "201"),
    "a query without QPD": (qbp("Q22", "RCP|I"), "AE", "100"),
    "a pointer that is not ours": (qbp("Q22", "QPD|x|T1|@PID.5.1^M", "RCP|I", "DSC|1|I"), "AE", "204"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusals(name: str, world: World, door: Serving, capfd: pytest.CaptureFixture[str]) -> None:
    """Each refusal has its code, and not a word of the message's content is repeated, kept or logged."""
    content, code, condition = REFUSALS[name]
    client = await door.client()
    reply = await client.ask(content)
    assert reply[1].split("|")[1] == code and reply[2].split("|")[3].startswith(condition)
    assert not world.registrar.begun
    assert "SECRET" not in "".join(reply) + capfd.readouterr().err
    assert (await client.ask(adt(control="next")))[1] == "MSA|AA|next"


async def test_a_query_is_asked_for_the_application(world: World, door: Serving) -> None:
    """The asker is the credential's account, through the HL7 v2 door, for minimal fields; one sign-in per session."""
    client = await door.client()
    record = Record(birth_family="MARTIN", birth_given="ANNE")
    person = Shown(PersonId(1), "a" * 26, Field.BIRTH_NAME, record, own_ipp=("42",))
    world.finder.answer = Answer(DisclosureId(9), Outcome.SHOWN, (person,))
    for _ in range(2):
        reply = await client.ask(PDQ)
        assert reply[1:3] == ["MSA|AA|5", "QAK|T1|OK"] and "MARTIN^ANNE" in reply[4]
    ask, _ = world.finder.asked[0]
    assert (ask.asker.account_id, ask.asker.structure, ask.asker.role) == (7, CHU.hospital_id, CALLER.role)
    assert (ask.operation, ask.purpose, len(ask.asker.session_key)) == (
        Operation.PDQ_QUERY,
        Purpose.IDENTITY_MANAGEMENT,
        32,
    )
    assert ask.asker.network == "127.0.0.1" and len(world.finder.signed) == 1
    assert world.finder.fates == [(9, True), (9, True)]


async def test_every_unknown_domain_has_its_error(world: World, door: Serving) -> None:
    """PIX: one ERR for each domain asked for that is not known."""
    world.finder.answer = UnknownDomain("targetSystem", 403, "QPD^1^4^1")
    client = await door.client()
    domains = f"^^^&9.9&ISO~^^^&{OTHER.oid}&ISO~^^^NOBODY"
    reply = await client.ask(qbp("Q23", f"QPD|IHE PIX Query|T1|{ipp('42')}|{domains}", "RCP|I"))
    assert [line.split("|")[2] for line in reply if line.startswith("ERR")] == ["QPD^1^4^1", "QPD^1^4^3"]
    assert world.finder.asked[0][1] == (CHU.oid, "42", ("9.9", OTHER.oid, "NOBODY"))


async def test_a_refused_query_is_recorded(world: World, door: Serving) -> None:
    """A sweep, a continuation or a query without the right to query goes through the finder's book of refusals."""
    client = await door.client()
    assert (await client.ask(qbp("Q22", "QPD|x|T1|@PID.5.1^*", "RCP|I")))[1] == "MSA|AE|5"
    world.callers["loopback:CHU-ESSAI"] = msgspec.structs.replace(CALLER, may_query=False)
    reply = await client.ask(PDQ)
    assert reply[1].startswith("MSA|A") and "QPD|IHE PDQ Query|T1|@PID.5.1^MARTIN" in reply
    assert [type(error).__name__ for error in world.finder.refused] == ["TooBroad", "Forbidden"]
    assert not world.finder.asked


async def test_what_the_finder_refuses_is_told(world: World, door: Serving) -> None:
    """A refusal of the finder is an error of the query, with a place."""
    world.finder.answer = TooBroad(add=Words("the birth date", "la date de naissance"))
    reply = await (await door.client()).ask(PDQ)
    assert reply[1] == "MSA|AE|5" and "QPD^1^3" in reply[2] and "la date de naissance" in reply[2]


async def test_cancelling_a_query_is_answered(door: Serving) -> None:
    """QCN^J01: no continuation of that query leads on, and the sender is told so."""
    reply = await (await door.client()).ask(message(msh().replace("ADT^A28", "QCN^J01"), "QID|T1|IHE PDQ Query"))
    assert reply[1] == "MSA|AA|1" and "Annulée" in reply[2]


async def test_errors_of_the_register(world: World, door: Serving) -> None:
    """Theirs is AE with a place, ours AR without details, and a bug is no different from outside."""
    client = await door.client()

    def answer(event: FeedEvent) -> FeedOutcome:
        if event.ipp == "theirs":
            raise UnknownIdentity(what=Words("The merge", "La fusion"))
        if event.ipp == "ours":
            raise Unavailable(what="X")
        raise ZeroDivisionError("SECRET")

    world.registrar.answer = answer
    theirs = await client.ask(adt("A40", f"MRG|{ipp('41')}", ids=ipp("theirs"), control="1"))
    assert theirs[1:] == [
        "MSA|AE|1",
        "ERR||MRG^1^1|204^Unknown key identifier^HL70357|E||||La fusion désigne un identifiant que cet hôpital n'a pas "
        "transmis.",
    ]
    assert (await client.ask(adt(ids=ipp("ours"), control="2")))[1] == "MSA|AR|2"
    bug = await client.ask(adt(ids=ipp("bug"), control="3"))
    assert bug[1] == "MSA|AR|3" and "SECRET" not in bug[2]


async def test_a_stopped_account_and_one_that_may_not_feed(world: World, door: Serving) -> None:
    """Refused with the way on."""
    client = await door.client()
    world.callers["loopback:CHU-ESSAI"] = msgspec.structs.replace(CALLER, frozen=True)
    assert "astreinte" in (await client.ask(adt()))[2]
    world.callers["loopback:CHU-ESSAI"] = msgspec.structs.replace(CALLER, may_feed=False)
    assert "exploitant" in (await client.ask(adt()))[2]
    assert not world.registrar.begun


async def test_what_was_not_kept_is_said(door: Serving) -> None:
    """An INS without VALI: accepted, with a warning."""
    reply = await (await door.client()).ask(adt(ids=f"{ipp('42')}~{INS}"))
    assert reply[1] == "MSA|AA|1" and "PID-32 n'est pas VALI" in reply[2] and "|W|" in reply[2]


async def test_merges_of_one_message_are_applied_in_order(world: World, door: Serving) -> None:
    """Two events in one message: both applied, one acknowledgement."""
    client = await door.client()
    assert (await client.ask(adt("A40", f"MRG|{ipp('41')}~{ipp('40')}")))[1] == "MSA|AA|1"
    assert [(e.kind, e.other_ipp) for e in world.registrar.applied] == [(FeedKind.MERGE, "41"), (FeedKind.MERGE, "40")]


async def test_a_stop_answers_what_is_under_way(world: World) -> None:
    """What was taken is applied and acknowledged, then the connection ends; nothing more is accepted."""
    async with serving(world.messages()) as door:
        world.registrar.open.clear()
        client = await door.client()
        await client.write(adt(control="a"), adt(control="b"))
        await asyncio.sleep(0.05)
        door.stopping.set()
        await asyncio.sleep(0.05)
        world.registrar.open.set()
        assert [(await client.read())[1] for _ in range(2)] == ["MSA|AA|a", "MSA|AA|b"]
        with pytest.raises(EOFError):
            await client.read()
        await door.task
        with pytest.raises(OSError):
            await door.client()


async def test_a_stop_does_not_wait_for_ever(world: World) -> None:
    """What never ends is cut after the time given."""
    async with serving(world.messages(), MllpLimits(shutdown_s=0.1)) as door:
        world.registrar.open.clear()
        client = await door.client()
        await client.write(adt())
        await asyncio.sleep(0.05)
    with pytest.raises((EOFError, OSError)):
        await client.read()


async def test_an_answer_that_reaches_nobody_is_known_as_such(world: World, door: Serving) -> None:
    """A client whose connection breaks before its answer: the disclosure's fate is "aborted"."""
    slow = asyncio.Event()

    async def page(*_: object) -> object:
        await slow.wait()
        return Page(world.finder._answer(*_))  # type: ignore[arg-type]

    world.finder.page = page  # type: ignore[method-assign,assignment]
    client = await door.client()
    await client.write(PDQ)
    await asyncio.sleep(0.05)
    broken = client.writer.get_extra_info("socket")
    broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.writer.transport.abort()
    await asyncio.sleep(0.05)
    slow.set()
    for _ in range(50):
        if world.finder.fates:
            break
        await asyncio.sleep(0.02)
    assert world.finder.fates == [(5, False)]


async def test_too_many_connections_are_not_accepted(world: World) -> None:
    """Beyond the limit a connection is closed at once; the others go on."""
    async with serving(world.messages(), MllpLimits(connections_max=1, shutdown_s=0.5)) as door:
        first = await door.client()
        assert (await first.ask(adt()))[1] == "MSA|AA|1"
        second = await door.client()
        with pytest.raises((EOFError, OSError)):
            await second.ask(adt())
        assert (await first.ask(adt()))[1] == "MSA|AA|1"
        await first.close()
        await asyncio.sleep(0.05)
        third = await door.client()
        assert (await third.ask(adt()))[1] == "MSA|AA|1"


@pytest.mark.parametrize("limits", [MllpLimits(idle_s=0.1), MllpLimits(frame_s=0.1)])
async def test_silence_and_unfinished_frames_end_a_connection(world: World, limits: MllpLimits) -> None:
    """An idle connection ends after its time, one that drips a frame after another."""
    async with serving(world.messages(), limits) as door:
        client = await door.client()
        if limits.frame_s < 1:
            client.writer.write(START_BLOCK + b"MSH")
        with pytest.raises(EOFError):
            await client.read()


async def test_plain_is_for_this_machine_alone(world: World) -> None:
    """Without TLS the server refuses to listen beyond the loopback."""
    listening = listen("0.0.0.0", 0)
    with pytest.raises(OperatorError):
        await serve_mllp(world.messages(), listening, MllpLimits(), asyncio.Event())
    listening.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


async def test_a_certificate_is_the_credential(world: World, authority: Authority) -> None:
    """With TLS the certificate's thumbprint names the sender, whatever MSH-4 says."""
    server, client = authority.issue("server"), authority.issue("dpi")
    world.callers = {f"x5t:{client.thumbprint.hex()}": CALLER}
    context = tls_context(server.certificate, server.key, authority.file)
    async with serving(world.messages(), tls=context) as door:
        sender = await door.client(authority.client_context(client))
        reply = await sender.ask(message(msh().replace("GAM|CHU-ESSAI", "GAM|ANY"), pid()))
        assert reply[1] == "MSA|AA|1"
        assert (await sender.ask(PDQ))[1] == "MSA|AA|5"
        await sender.close()
    assert world.finder.asked[0][0].asker.session_key == client.thumbprint


async def test_without_a_registered_certificate_nothing_is_taken(world: World, authority: Authority) -> None:
    """No certificate: no connection. One of the authority that is not registered, with the loopback's MSH-4: AR."""
    server = authority.issue("server")
    context = tls_context(server.certificate, server.key, authority.file)
    async with serving(world.messages(), tls=context) as door:
        stranger = await door.client(authority.client_context(authority.issue("stranger")))
        assert (await stranger.ask(adt()))[1] == "MSA|AR|1"
        with pytest.raises((EOFError, OSError)):
            await (await door.client(authority.client_context(None))).ask(adt())
        with pytest.raises((EOFError, OSError, TimeoutError)):
            await (await door.client()).ask(adt())
    assert not world.registrar.begun


def _hl7_client(port: int, content: bytes) -> bytes:
    with hl7.client.MLLPClient("127.0.0.1", port) as client:
        return bytes(client.send_message(content))


async def test_the_clients_of_hl7(world: World, door: Serving) -> None:
    """Both clients of `hl7`, blocking and asynchronous, are understood and understand."""
    raw = await asyncio.to_thread(_hl7_client, door.port, adt(control="h1"))
    assert hl7.parse(raw.strip(b"\x0b\x1c\r").decode())["MSA"][0][1][0] == "AA"
    reader, writer = await hl7.mllp.open_hl7_connection("127.0.0.1", door.port, encoding="utf-8")
    writer.writemessage(hl7.parse(adt(control="h2", names="ÉTÉ^ZOÉ^^^^^L").decode()))
    await writer.drain()
    assert (await reader.readmessage())["MSA"][0][2][0] == "h2"
    writer.close()
    assert world.registrar.applied[1].patch.birth_family == "ÉTÉ"


async def test_messages_of_hl7apy(world: World, door: Serving) -> None:
    """A message built by `hl7apy` is taken, and it reads the acknowledgement and the answer to a query."""
    built = hl7apy.core.Message("ADT_A05", version="2.5")
    built.msh.msh_3, built.msh.msh_4, built.msh.msh_9, built.msh.msh_10 = "GAM", "CHU-ESSAI", "ADT^A28^ADT_A05", "y1"
    built.add_segment("PID")
    built.pid.pid_3 = ipp("77")
    built.pid.pid_5 = "MARTIN^ANNE^^^^^L"
    client = await door.client()
    client.writer.write(built.to_mllp().encode())
    acknowledged = hl7apy.parser.parse_message("\r".join(await client.read()), find_groups=False)
    assert (acknowledged.msa.msa_1.value, acknowledged.msa.msa_2.value) == ("AA", "y1")
    assert world.registrar.applied[0].ipp == "77"
    answer = hl7apy.parser.parse_message("\r".join(await client.ask(PDQ)), find_groups=False)
    assert answer.qak.qak_2.value == "NF"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the published samples are not beside this clone")
@pytest.mark.parametrize("name", sorted(p.name for p in SAMPLES.glob("*")) if SAMPLES.is_dir() else [])
async def test_published_samples(name: str, world: World, door: Serving, capfd: pytest.CaptureFixture[str]) -> None:
    """Every published French sample is answered; of reports and documents nothing is kept, told or logged."""
    content = (SAMPLES / name).read_bytes()
    world.callers = {
        f"loopback:{facility}": msgspec.structs.replace(
            CALLER, hospital=msgspec.structs.replace(CHU, namespace="CHU-X", finess="000897406")
        )
        for facility in ("CHU-X", "Organisation-Y", "labo")
    }
    reply = await (await door.client()).ask(content)
    medical = "medical-content" in name
    assert reply[1].split("|")[1] == ("AR" if medical else "AA")
    assert len(world.registrar.applied) == (0 if medical else 1)
    for event in world.registrar.applied:  # the same test person stands in all of them
        said = msgspec.structs.replace(event.patch, birth_date_interpreted=None, restricted=None, **HOW_CHECKED)
        assert (event.ipp, event.kind, said) == ("000003", FeedKind.UPSERT, DOMINIQUE)
        assert not (event.patch.birth_date_interpreted or event.patch.restricted)  # ZFD and PD1 stand in some only
    kept = repr(world.registrar.applied) + "".join(reply) + capfd.readouterr().err
    assert [word for word in medical_words(content.decode()) if word in kept] == []


DOMINIQUE = Patch(
    birth_family="PAT-TROIS",
    birth_given="DOMINIQUE",
    birth_given_list="DOMINIQUE",
    birth_date=date(1979, 3, 28),
    sex=Sex.FEMALE,
    birth_place=BirthPlace(cog="63220"),
    addresses=(Address(("28 Av de Breteuil",), "PARIS", "75007", "FRA"),),
    birth_order=1,
    deceased=False,
    status=IdentityStatus.QUALIFIED,
    attributes=(),
    ins=Ins("279035121518989", OID_INS_NIR_TEST),
)
"""The test person of the French samples, as PAM France says that her fields are read."""

HOW_CHECKED: dict[str, None] = dict.fromkeys(("last_update", "collected_by", "insi_called_on", "sms_consent"))
"""What some of the samples say in ZFD and PID-33 and others do not; how it is read is told by `test_pam_traits`."""


def medical_words(text: str) -> set[str]:
    """The words of all segments but those that say who somebody is."""
    identity, rest = set(), set()
    for line in re.split(r"[\r\n]+", text):
        (identity if line[:3] in ("MSH", "EVN", "PID") else rest).update(re.findall(r"[^\W\d_]{5,}", line))
    return rest - identity
