"""Whole lists of a scope, one for each hospital, as they are released: to be encrypted before they touch a disk."""

import msgspec


class HospitalLists(msgspec.Struct, frozen=True):
    """Lists by hospital number, each a CSV under the hospital's own identifiers. `look` is the disclosure of it."""

    export_id: int
    look: int
    contents: dict[int, bytes]
