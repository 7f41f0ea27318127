"""Coverage-guided fuzzing (atheris) of what reads bytes from outside: HL7 v2 messages, and FHIR in JSON and XML.

    python tests/fuzz_readers.py hl7|fhir -max_total_time=3600 [corpus folder]

Whatever comes in, a `CallerError` is the only way in which a reader may say no.
"""

import contextlib
import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["beffroi"]):
    import msgspec

    from beffroi.errors import CallerError
    from beffroi.model.person import Hospital, HospitalId
    from beffroi.wire.fhir_feed import parse_patient_feed
    from beffroi.wire.fhir_form import parse_pairs
    from beffroi.wire.fhir_input import parse_match, parse_pix
    from beffroi.wire.fhir_search import parse_search
    from beffroi.wire.fhir_xml_input import from_xml
    from beffroi.wire.mllp import Deframer
    from beffroi.wire.pam import feed_events

HOSPITAL = Hospital(HospitalId(1), "590000001", "CH", "1.2.3", "CH")


def hl7(content: bytes) -> None:
    """A frame, byte for byte as it comes, and its message."""
    Deframer(1_000_000).feed(content)
    with contextlib.suppress(CallerError):
        feed_events(content, HOSPITAL)


def fhir(content: bytes) -> None:
    """A body as every operation reads it, and a query."""
    bodies = [content]
    with contextlib.suppress(CallerError):
        bodies.append(msgspec.json.encode(from_xml(content)))
    for body in bodies:
        for reader in (parse_match, parse_pix, lambda one: parse_patient_feed(one, "A1", "1.2.3")):
            with contextlib.suppress(CallerError):
                reader(body)  # type: ignore[operator]
    with contextlib.suppress(CallerError):
        parse_search(parse_pairs(content))


TARGETS: dict[str, Callable[[bytes], None]] = {"hl7": hl7, "fhir": fhir}

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
