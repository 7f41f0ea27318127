"""Software that we did not write: npm `@medplum/core` validates an answer of every kind, against R4 and the profiles.

The answers of the whole suite are validated likewise when a run ends (`kept_answers`).
"""

from pathlib import Path

import pytest

from foreign.test_fhir_xml import answers
from kept_answers import problems

pytestmark = pytest.mark.foreign


def test_an_answer_of_every_kind(tmp_path: Path) -> None:
    """R4 and, where they are at hand, the profiles of PDQm, PIXm and BALP that each answer claims."""
    assert problems(answers(), tmp_path) == [[] for _ in answers()]


def test_the_validator_validates(tmp_path: Path) -> None:
    """An unknown element, a wrong code and a wrong date are found: the silence above says something."""
    wrong = [
        {"resourceType": "Patient", "shoeSize": 42},
        {"resourceType": "Patient", "birthDate": "1980-13-45"},
        {"resourceType": "Bundle", "total": 1},
    ]
    assert all(problems(wrong, tmp_path))
