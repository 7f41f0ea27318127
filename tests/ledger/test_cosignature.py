"""Cosignatures: a witness's word over a checkpoint, at a time, and that nothing changed passes."""

import pytest

from beffroi.ledger.checkpoint import Checkpoint, SigningKey, opened, signed
from beffroi.ledger.cosignature import CosignerKey, CosigningKey, cosigned
from beffroi.ledger.note import split

KEY = SigningKey("ledger.test", bytes(range(32)))
WITNESS, OTHER = CosigningKey("witness.test/w1", b"\7" * 32), CosigningKey("witness.test/w2", b"\x08" * 32)
NOTE = signed(Checkpoint("ledger.test", 70_000, bytes(range(100, 132))), [KEY])
BODY, _ = split(NOTE)
AT_S = 1_795_000_000
LINE = WITNESS.signature_line(BODY, AT_S)


def test_a_cosigned_checkpoint_says_who_and_when() -> None:
    """The log's signature opens it as before; of two witnesses, the one who is known."""
    note = NOTE + LINE + OTHER.signature_line(BODY, AT_S + 1)
    assert opened(note, [KEY.verifier()]).size == 70_000
    (found,) = cosigned(note, [WITNESS.verifier()])
    assert (found.key, found.at_s, found.line) == (WITNESS.verifier(), AT_S, LINE)
    assert len(cosigned(note, [WITNESS.verifier(), OTHER.verifier()])) == 2
    assert cosigned(NOTE, [WITNESS.verifier()]) == ()


def test_keys_are_written_and_read() -> None:
    """Both halves, with the type of cosignatures; another type is refused."""
    assert CosigningKey.parse(WITNESS.secret_text()) == WITNESS
    assert CosignerKey.parse(WITNESS.verifier().text()) == WITNESS.verifier()
    assert repr(WITNESS.seed) not in repr(WITNESS)
    for text in (KEY.secret_text(), WITNESS.secret_text()[:-2], WITNESS.secret_text().replace("w1", "w2"), ""):
        with pytest.raises(ValueError):
            CosigningKey.parse(text)
    for text in (KEY.verifier().text(), WITNESS.verifier().text().replace("w1", "w2"), "a+b"):
        with pytest.raises(ValueError):
            CosignerKey.parse(text)


@pytest.mark.parametrize("place", [30, 40, 60, 100])
def test_a_changed_cosignature_of_a_known_witness_is_refused(place: int) -> None:
    """Its time or its signature."""
    changed = LINE[:place] + ("A" if LINE[place] != "A" else "B") + LINE[place + 1 :]
    with pytest.raises(ValueError):
        cosigned(NOTE + changed, [WITNESS.verifier()])


def test_a_cosignature_of_another_checkpoint_is_refused() -> None:
    """Over another text, or at no time."""
    with pytest.raises(ValueError):
        cosigned(NOTE + WITNESS.signature_line("another\n", AT_S), [WITNESS.verifier()])
    with pytest.raises(ValueError):
        cosigned(NOTE + WITNESS.signature_line(BODY, 0), [WITNESS.verifier()])


def test_the_example_of_the_specification_is_a_note() -> None:
    """signed-note's own example opens under its verifier key, but is no checkpoint."""
    note = (
        "This is an example message.\n\n— example.com/foo "
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    from beffroi.ledger.checkpoint import VerifierKey, opened_text

    key = VerifierKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    assert opened_text(note, [key]) == "This is an example message.\n"
    with pytest.raises(ValueError):
        opened(note, [key])
