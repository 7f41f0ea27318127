"""One spelling for each name, phone number and e-mail address, so that two ways of writing them can be compared.

A key is never shown: what a hospital wrote is kept as written, and keys stand beside it for searching and matching.
Keys are upper-case ASCII letters and digits (names), digits (phones) or a lower-case address (e-mails).

Source: RNIV (accents, hyphens and apostrophes do not distinguish names; standards 1.2, 1.8); ARCEP's numbering plan.
"""

import re
from unicodedata import normalize

import msgspec

from beffroi.model.person import Record, Telecom, TelecomKind

# A name's search key is cut here (characters): PostgreSQL refuses to index more than some 2,700 bytes.
SEARCH_KEY_LENGTH_MAX = 128
# E.164 allows 15 digits; an international prefix adds two. Longer is not one phone number.
PHONE_DIGITS_MAX = 17
# New Caledonia has six-digit numbers; shorter is an internal extension, which would match strangers.
PHONE_DIGITS_MIN = 6
# RFC 5321 section 4.5.3.1: an address longer than this cannot be delivered to.
EMAIL_LENGTH_MAX = 254
# Contact keys of one identity (count): beyond it, the index would grow with one record's noise.
CONTACT_KEYS_MAX = 16

_NOT_IN_A_KEY = re.compile(r"[^A-Z0-9]+")
_NOT_A_DIGIT = re.compile(r"[^0-9]+")
# Letters that Unicode does not decompose, after upper-casing.
_LETTERS = str.maketrans(
    {
        "Œ": "OE",
        "Æ": "AE",
        "ẞ": "SS",
        "Ø": "O",
        "Ł": "L",
        "Đ": "D",
        "Ð": "D",
        "Þ": "TH",
        "Ħ": "H",
        "Ŧ": "T",
        "Ŋ": "N",
        "Ə": "E",
    }
)
# Réunion and Mayotte, Guadeloupe, Guiana, Martinique: own country codes, but the national number is dialled with a 0.
_FRENCH_PREFIXES = ("33", "262", "590", "594", "596")
_NATIONAL_DIGITS = 9  # of a French number without its leading 0


def name_key(text: str) -> str:
    """`text` in upper case without accents, ligatures or anything but A-Z and 0-9; "" when nothing is left.

    >>> name_key("Le Goff-D'Arc"), name_key("Lœtitia Strauß"), name_key("Bułhakow Đặng")
    ('LEGOFFDARC', 'LOETITIASTRAUSS', 'BULHAKOWDANG')
    """
    if not text.isascii():
        text = normalize("NFKD", text).upper().translate(_LETTERS)
    return _NOT_IN_A_KEY.sub("", text.upper())


def phone_key(text: str) -> str:
    """The digits of one phone number, French ones in their national form; "" when it cannot be one.

    >>> phone_key("+33 (0)6 12 34 56 78"), phone_key("0033612345678"), phone_key("06.12.34.56.78")
    ('0612345678', '0612345678', '0612345678')
    >>> phone_key("+262 692 12 34 56"), phone_key("+44 20 7946 0000"), phone_key("12")
    ('0692123456', '442079460000', '')
    """
    digits = _NOT_A_DIGIT.sub("", text)
    international = text.lstrip().startswith("+")
    if digits.startswith("00"):
        digits, international = digits[2:], True
    if not PHONE_DIGITS_MIN <= len(digits) <= PHONE_DIGITS_MAX:
        return ""
    return _national(digits, international) or digits


def _national(digits: str, international: bool) -> str:
    """The French national form of an international number; "" when it is not one."""
    for prefix in _FRENCH_PREFIXES:
        # A bare 33612345678 is a "+" that got lost; other prefixes are too likely to start something else.
        if digits.startswith(prefix) and (international or prefix == "33"):
            rest = digits[len(prefix) :].removeprefix("0")
            if len(rest) == _NATIONAL_DIGITS:
                return "0" + rest
    return ""


def email_key(text: str) -> str:
    """The address in lower case; "" when it cannot be one. Dots and plus signs stay: only the provider knows better.

    >>> email_key(" Jeanne.Dark@Exemple.FR "), email_key("néant")
    ('jeanne.dark@exemple.fr', '')
    """
    address = normalize("NFKC", text).strip().lower()
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or len(address) > EMAIL_LENGTH_MAX or any(c.isspace() for c in address):
        return ""
    return address


def contact_key(text: str) -> str:
    """The key of a phone number or e-mail address of unknown kind, as a search criterion gives it.

    >>> contact_key("+33612345678"), contact_key("A@B.fr")
    ('0612345678', 'a@b.fr')
    """
    return email_key(text) if "@" in text else phone_key(text)


class SearchKeys(msgspec.Struct, frozen=True):
    """What an identity is found by. A used key is None without a used name: it is never filled from the birth name.

    `given_key` is the key of the whole list of birth given names where the list begins with the first given name, so
    that the prefixes JEAN, JEANCHRI and JEANCHRISTOPHE all find it; of the first given name alone otherwise.
    `contact_keys` are distinct and sorted.
    """

    family_key: str
    used_key: str | None
    given_key: str
    used_given_key: str | None
    contact_keys: tuple[str, ...]


def search_keys(record: Record) -> SearchKeys:
    """The search keys of `record`, bounded so that an index takes them.

    >>> search_keys(Record(birth_family="Dark", birth_given="Jeanne", birth_given_list="JEANNE MARIE"))
    SearchKeys(family_key='DARK', used_key=None, given_key='JEANNEMARIE', used_given_key=None, contact_keys=())
    """
    return SearchKeys(
        family_key=name_key(record.birth_family)[:SEARCH_KEY_LENGTH_MAX],
        used_key=name_key(record.used_family)[:SEARCH_KEY_LENGTH_MAX] or None,
        given_key=_birth_given_key(record)[:SEARCH_KEY_LENGTH_MAX],
        used_given_key=name_key(record.used_given)[:SEARCH_KEY_LENGTH_MAX] or None,
        contact_keys=_contact_keys(record.telecoms),
    )


def _birth_given_key(record: Record) -> str:
    first, whole = name_key(record.birth_given), name_key(record.birth_given_list)
    return whole if whole.startswith(first) else first


def _contact_keys(telecoms: tuple[Telecom, ...]) -> tuple[str, ...]:
    if not telecoms:
        return ()
    keys = {email_key(t.value) if t.kind is TelecomKind.EMAIL else phone_key(t.value) for t in telecoms}
    return tuple(sorted(keys - {""})[:CONTACT_KEYS_MAX])
