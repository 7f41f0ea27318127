"""Signed notes and checkpoints: what others state of them, and that nothing changed passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.ledger.checkpoint import Checkpoint, SigningKey, VerifierKey, opened, signed, signing_keys

PETER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example of Go's golang.org/x/mod/sumdb/note: a key pair that is no secret, a text and its signature."""
KEY, OTHER = SigningKey("ledger.test", bytes(range(32))), SigningKey("ledger.test", b"\2" * 32)
CHECKPOINT = Checkpoint("ledger.test", 70_000, bytes(range(100, 132)))
NOTE = signed(CHECKPOINT, [KEY])


def test_the_known_example_is_ours_too() -> None:
    """Key, hash, public key and signature of sumdb/note's example come out the same, to the byte."""
    key = SigningKey.parse(PETER)
    assert key.secret_text() == PETER
    assert key.verifier().text() == PETER_PUBLIC
    assert key.signature_line(PETER_TEXT) == PETER_LINE
    assert VerifierKey.parse(PETER_PUBLIC) == key.verifier()


def test_a_signed_checkpoint_opens_for_who_knows_the_key() -> None:
    """And for who knows one of two keys; a cosignature by an unknown key changes nothing."""
    assert opened(NOTE, [KEY.verifier()]) == CHECKPOINT
    both = signed(CHECKPOINT, [KEY, OTHER])
    assert opened(both, [OTHER.verifier()]) == opened(both, [KEY.verifier(), OTHER.verifier()]) == CHECKPOINT


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_no_other_note_opens(place: int, put: str) -> None:
    """Any character replaced by any other: it does not open, or it is the same checkpoint under the same signature."""
    changed = NOTE[:place] + put + NOTE[place + 1 :]
    if changed == NOTE:
        return
    with pytest.raises(ValueError):
        opened(changed, [KEY.verifier()])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("\n\n", "\n"),
        NOTE + "no signature\n",
        NOTE + NOTE,
        signed(CHECKPOINT, []),
        signed(CHECKPOINT, [OTHER]),
        signed(CHECKPOINT, [KEY] * 65),
        NOTE + SigningKey("ledger.test", bytes(range(32))).signature_line("another text\n"),
        "x" * 70_000,
    ],
)
def test_what_is_no_note_of_ours_is_refused(note: str) -> None:
    """Malformed, unsigned, signed by somebody else, or with one wrong signature among right ones."""
    with pytest.raises(ValueError):
        opened(note, [KEY.verifier()])


@pytest.mark.parametrize(
    "body",
    [
        "ledger.test\n1\n",
        "ledger.test\n01\n" + CHECKPOINT.body().split("\n")[2] + "\n",
        "ledger.test\n-1\n" + CHECKPOINT.body().split("\n")[2] + "\n",
        "ledger.test\n9999999999999999999\n" + CHECKPOINT.body().split("\n")[2] + "\n",
        "ledger.test\n1\nAAAA\n",
        "\n1\n" + CHECKPOINT.body().split("\n")[2] + "\n",
        CHECKPOINT.body() + "\nmore\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(body: str) -> None:
    """A right signature under something else does not make it a checkpoint."""
    with pytest.raises(ValueError):
        opened(body + "\n" + KEY.signature_line(body), [KEY.verifier()])


def test_extension_lines_are_allowed() -> None:
    """tlog-checkpoint lets further lines follow the root."""
    body = CHECKPOINT.body() + "more\n"
    assert opened(body + "\n" + KEY.signature_line(body), [KEY.verifier()]) == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    ["", "x", PETER_PUBLIC, PETER.replace("c74f", "c74e"), PETER[:-4], PETER + "AAAA", PETER.replace("+AY", "+BY")],
)
def test_a_damaged_private_key_is_refused_without_being_told(text: str) -> None:
    """The error says nothing of the key."""
    with pytest.raises(ValueError) as refused:
        SigningKey.parse(text)
    assert "AYEK" not in str(refused.value)
    assert "\\x81" not in repr(SigningKey.parse(PETER)) and "seed" not in repr(SigningKey.parse(PETER))


@pytest.mark.parametrize("text", ["", PETER, "a b+00000000+AAAA", PETER_PUBLIC.replace("c74f", "c74e")])
def test_a_damaged_public_key_is_refused(text: str) -> None:
    """Its hash must be its own."""
    with pytest.raises(ValueError):
        VerifierKey.parse(text)


def test_a_key_file_holds_keys_a_line() -> None:
    """Comments and empty lines are passed over; a file without a key is none."""
    text = f"# the new one\n{KEY.secret_text()}\n\n{OTHER.secret_text()}\n"
    assert signing_keys(text) == (KEY, OTHER)
    with pytest.raises(ValueError):
        signing_keys("# nothing\n")
