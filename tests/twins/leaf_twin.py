"""The canonical disclosure as docs/reference/ledger.md says it, with the standard library alone: the oracle."""

from datetime import UTC

from beffroi.ledger.leaf import Facts

SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def canonical_twin(facts: Facts, previous: bytes) -> bytes:
    """The array, item by item."""
    at = facts.at.astimezone(UTC)
    time = f"{at.year:04}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}:{at.second:02}.{at.microsecond:06}Z"
    criteria = [
        f"[{text(name)},{text(facts.criteria[name])}]" for name in sorted(facts.criteria, key=lambda n: n.encode())
    ]
    shown = [f"[{person},{fields},[{','.join(map(str, ids))}]]" for person, fields, ids in facts.shown]
    items = [
        text("beffroi-disclosure/1"),
        str(facts.disclosure_id),
        text(time),
        str(facts.account_id),
        str(facts.running_number),
        text("".join(f"{byte:02x}" for byte in previous)),
        text(facts.role),
        str(facts.structure_id),
        text(facts.application),
        text("".join(f"{byte:02x}" for byte in facts.session_key)),
        text(facts.network),
        str(facts.door),
        str(facts.operation),
        str(facts.outcome),
        text(facts.purpose),
        text(facts.reason),
        text(str(facts.request_id)),
        f"[{','.join(criteria)}]",
        text(facts.policy_version),
        str(facts.criteria_fields),
        f"[{','.join(shown)}]",
    ]
    return f"[{','.join(items)}]".encode()


def text(value: str) -> str:
    """A JSON text: only what must be escaped is escaped."""
    return '"' + "".join(SHORT.get(ord(c), f"\\u{ord(c):04x}" if ord(c) < 32 else c) for c in value) + '"'
