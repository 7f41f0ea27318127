"""A day's messages: a realistic mix that the product understands, in an order that makes sense."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from beffroi.model.feed import FeedKind
from beffroi.wire.pam import feed_events
from beffroi_region.live_feed import LiveFeed, Sent
from beffroi_region.local_identities import Region

UNTIL = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def stream(people: int = 2_000, count: int = 800, seed: int = 3) -> list[Sent]:
    """The messages of a small region, the last 100 people of which are new."""
    region = Region(people, 5, 7, date(2026, 11, 24))
    return list(LiveFeed(region, seed, UNTIL, first_new=people - 100).messages(count))


def test_the_same_seed_sends_the_same_messages() -> None:
    """A stream is reproducible to the byte."""
    assert stream() == stream()
    assert [m.content for m in stream(seed=4)] != [m.content for m in stream()]


def test_every_message_is_understood_by_its_hospital() -> None:
    """The parser reads each message as an event about the identity that it is about."""
    hospitals = {site.number: site.hospital for site in Region(10, 5, 7, date(2026, 11, 24)).sites}
    kinds = {"A40": FeedKind.MERGE, "A24": FeedKind.LINK}
    for sent in stream():
        (heard,) = feed_events(sent.content, hospitals[sent.hospital_id])
        assert heard.ipp == sent.ipp
        assert heard.kind is kinds.get(sent.event, heard.kind)
        assert heard.other_ipp == sent.other_ipp


def test_the_mix_has_everything() -> None:
    """Arrivals, corrections, registrations, merges, changed numbers and links all occur."""
    counts = Counter(sent.event for sent in stream())
    assert set(counts) >= {"A01", "A03", "A04", "A05", "A11", "A24", "A28", "A31", "A40", "A47"}
    assert counts["A31"] > counts["A40"]


def test_messages_are_in_time() -> None:
    """Times rise, and end where they were told to."""
    hospitals = {site.number: site.hospital for site in Region(10, 5, 7, date(2026, 11, 24)).sites}
    times = [feed_events(sent.content, hospitals[sent.hospital_id])[0].occurred_at for sent in stream()]
    known = [time for time in times if time is not None]
    assert known == sorted(known)
    assert known[-1] == UNTIL
    assert UNTIL - known[0] < timedelta(hours=1)


def test_nobody_speaks_of_an_identity_that_is_gone() -> None:
    """After a merge or a new number, the old number is not used again."""
    gone: set[tuple[int, str]] = set()
    for sent in stream():
        assert (sent.hospital_id, sent.ipp) not in gone
        if sent.event in ("A40", "A47") and sent.other_ipp:
            gone.add((sent.hospital_id, sent.other_ipp))


def test_control_ids_are_distinct() -> None:
    """No message can be taken for another one sent again."""
    messages = stream()
    assert len({sent.content.split(b"|")[9] for sent in messages}) == len(messages)
