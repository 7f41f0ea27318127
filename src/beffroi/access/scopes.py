"""Scopes that narrow: IUA's transactions and SMART's resource permissions. A token without any of them is not narrowed.

What the account may do at all follows from its role; a scope only ever takes away.

Source: IHE IUA, PDQm and PIXm (scopes ITI-78, ITI-119, ITI-83, ITI-104); SMART App Launch 2.2 section 3 (`user/` and
`system/` scopes; v1's `read`, `write` and `*`).
"""

import re
from collections.abc import Iterable

_SMART = re.compile(r"(user|system)/(\*|[A-Za-z]+)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)")
_LETTERS = {"read": "rs", "write": "cud", "*": "cruds"}


def allows(scopes: Iterable[str], transaction: str, resource: str, letters: str) -> bool:
    """Whether a token's scopes let `transaction` through, which does `letters` (of "cruds") to `resource`.

    >>> allows({"openid"}, "ITI-78", "Patient", "s"), allows({"ITI-78"}, "ITI-78", "Patient", "s")
    (True, True)
    >>> allows({"ITI-83"}, "ITI-78", "Patient", "s"), allows({"user/Patient.rs"}, "ITI-78", "Patient", "s")
    (False, True)
    >>> allows({"system/Patient.r"}, "ITI-78", "Patient", "s"), allows({"user/*.*"}, "ITI-81", "AuditEvent", "s")
    (False, True)
    """
    narrowed = False
    for scope in scopes:
        if scope.startswith("ITI-"):
            narrowed = True
            if scope == transaction:
                return True
        elif found := _SMART.fullmatch(scope):
            narrowed = True
            granted = _LETTERS.get(found[3], found[3])
            if found[2] in ("*", resource) and set(letters) <= set(granted):
                return True
    return not narrowed
