"""The statement of a gap: what it says is read back, and nothing that contradicts itself is."""

import pytest

from beffroi.ledger.epoch import KNOWN_MAX, Gap

TIMES = ("2026-11-24T09:00:00.000000Z", "2026-11-25T09:00:00.000000Z")
GAP = Gap(2, "ledger.test", 3, bytes(32), ((3, bytes(32)), (7, b"\1" * 32)), *TIMES, "un disque cassé")


@pytest.mark.parametrize(
    "gap",
    [
        GAP,
        Gap(3, "ledger.test", 0, bytes(32), (), "never", TIMES[1], "x"),
        Gap(2, "ledger.test/epoch/x", 9, bytes(32), ((7, b"\1" * 32),), *TIMES, "x"),
        Gap(2, "ledger.test", 0, bytes(32), tuple((n, bytes(32)) for n in range(KNOWN_MAX)), *TIMES, "x" * 500),
    ],
)
def test_a_statement_is_read_as_it_was_written(gap: Gap) -> None:
    """To the letter; its leaf is 32 bytes, as every other."""
    assert Gap.parse(gap.body()) == gap
    assert len(gap.entry()) == 32


def test_what_is_lost_is_counted() -> None:
    """Beyond what was kept; nothing when all that is known was."""
    assert GAP.lost_count == 4
    assert Gap(2, "ledger.test", 9, bytes(32), GAP.known, *TIMES, "x").lost_count == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("beffroi-gap/1", "beffroi-gap/2"),
        ("ledger.test/epoch/2\n", "ledger.test/epoch/3\n"),
        ("ledger.test/epoch/2\n", "ledger.test\n"),
        ("kept 3", "kept 03"),
        ("kept 3", "kept x"),
        ("kept 3", "known 3"),
        ("known 7", "known 2"),
        ("known 7 AQEB", "known 7 AQE"),
        ("2026-11-24T09", "2026-11-24 09"),
        ("un disque cassé\n", "\n"),
        ("un disque cassé\n", "x" * 501 + "\n"),
        ("un disque cassé\n", "un disque\ncassé\n"),
        ("un disque cassé\n", "un disque cassé"),
        ("un disque cassé\n", "un\tdisque\n"),
    ],
)
def test_a_statement_that_cannot_be_is_refused(old: str, new: str) -> None:
    """Another format, origins that do not follow, trees out of order or cut, no times, no reason."""
    assert old in GAP.body()
    with pytest.raises(ValueError):
        Gap.parse(GAP.body().replace(old, new, 1))
