"""Lists for hospitals' data protection officers, encrypted to their keys (age): in the clear they are in memory alone.

Source: https://age-encryption.org/v1 (X25519 recipients).
"""

from collections.abc import Mapping, Sequence

import pyrage

from beffroi.errors import OperatorError
from beffroi.model.disclosure import Released
from beffroi.model.hospital_list import HospitalLists


def check_recipients(recipients: Mapping[int, Sequence[str]]) -> None:
    """Raises OperatorError when a hospital's key is none."""
    for hospital, keys in recipients.items():
        _keys(hospital, keys)


def encrypted(released: Released[HospitalLists], recipients: Mapping[int, Sequence[str]]) -> dict[int, bytes]:
    """Each list to its own hospital's keys and to nobody else's. A list whose hospital has no key is left out."""
    contents = released.content.contents
    return {
        hospital: pyrage.encrypt(content, _keys(hospital, recipients[hospital]))
        for hospital, content in contents.items()
        if recipients.get(hospital)
    }


def _keys(hospital: int, texts: Sequence[str]) -> list[object]:
    try:
        return [pyrage.x25519.Recipient.from_str(text) for text in texts]
    except pyrage.RecipientError:
        raise OperatorError(
            f"hospital {hospital}: officer_keys: not a public key as `age-keygen` prints it (age1...).",
            f"hôpital {hospital} : officer_keys : pas une clé publique telle qu'`age-keygen` l'affiche (age1...).",
        ) from None
