"""docs/reference/ledger.md: its worked example, computed from its own words by hashlib and by nothing of ours."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from beffroi.ledger.checkpoint import Checkpoint, SigningKey, VerifierKey, opened, signed
from beffroi.ledger.leaf import NO_LEAF, canonical, commitment
from ledger.test_leaf import EXAMPLE

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "ledger.md").read_text(encoding="utf-8")
FIRST, SECOND = re.findall(r"```json\n(.*)\n```", PAGE)
LEAF_1, LEAF_2 = re.findall(r"commitment: `([0-9a-f]{64})`", PAGE)
HASHES = re.findall(r"^    ([0-9a-f]{64})$", PAGE, re.MULTILINE)
(ROOT,) = re.findall(r"Root: `([0-9a-f]{64})`", PAGE)
(NOTE,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
(KEY,) = re.findall(r"\(`(\S+\+\S+\+\S+)`\)", PAGE)
NONCES = bytes(range(16)), bytes(range(16, 32))


def test_the_page_agrees_with_itself() -> None:
    """From its canonical texts to its root, with hashlib alone."""
    assert sha256(NONCES[0] + FIRST.encode()).hexdigest() == LEAF_1
    assert sha256(NONCES[1] + SECOND.encode()).hexdigest() == LEAF_2
    assert json.loads(FIRST)[5] == "0" * 64 and json.loads(SECOND)[5] == LEAF_1
    hashes = [sha256(b"\0" + bytes.fromhex(leaf)).digest() for leaf in (LEAF_1, LEAF_2)]
    assert [one.hex() for one in hashes] == HASHES
    assert sha256(b"\1" + hashes[0] + hashes[1]).hexdigest() == ROOT
    assert NOTE.splitlines()[1:3] == ["2", b64encode(bytes.fromhex(ROOT)).decode()]


def test_our_code_agrees_with_the_page() -> None:
    """The same disclosures, sealed by us."""
    second = replace(
        EXAMPLE,
        disclosure_id=4712,
        at=EXAMPLE.at + timedelta(seconds=61),
        running_number=2,
        outcome=2,
        criteria={"family": 'L"ÉTÉ'},
        shown=(),
        request_id=UUID("00000000-0000-4000-8000-000000000002"),
    )
    assert canonical(EXAMPLE, NO_LEAF).decode() == FIRST
    leaf = commitment(NONCES[0], FIRST.encode())
    assert canonical(second, leaf).decode() == SECOND
    key = SigningKey("ledger.example/region", bytes(range(32)))
    checkpoint = Checkpoint(key.name, 2, bytes.fromhex(ROOT))
    assert key.verifier() == VerifierKey.parse(KEY)
    assert signed(checkpoint, [key]) == NOTE and opened(NOTE, [VerifierKey.parse(KEY)]) == checkpoint
