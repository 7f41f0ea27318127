"""What an event or an alert says besides its kind, in words. Only what stands here is shown: a worklist's event names
people by number, and others hold numbers that mean something to the server alone.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from beffroi.errors import Words
from beffroi.model.account import Role
from beffroi.model.containment import ContainmentKind
from beffroi.servers.console.speaking import ROLES, Speaker
from beffroi.watch.explain import RUNG_WORDS

KINDS: Final = {
    ContainmentKind.ACCOUNT: Words("account", "compte"),
    ContainmentKind.DEVICE: Words("device", "appareil"),
    ContainmentKind.APPLICATION: Words("application", "logiciel"),
    ContainmentKind.NETWORK: Words("network", "réseau"),
    ContainmentKind.STRUCTURE: Words("hospital", "hôpital"),
}
_WHAT: Final = {
    "enrolled": Words("a security key was enrolled", "une clé de sécurité a été enrôlée"),
    "granted": Words("a code for a key was handed over", "un code pour une clé a été remis"),
    "revoked": Words("a security key was revoked", "une clé de sécurité a été révoquée"),
    "deposited": Words("a worklist was deposited", "une liste de travail a été déposée"),
    "approved": Words("a worklist was approved", "une liste de travail a été approuvée"),
    "cancelled": Words("a worklist was cancelled", "une liste de travail a été annulée"),
    "role asked": Words("a role was asked for", "un rôle a été demandé"),
    "role given": Words("a role was given", "un rôle a été donné"),
    "role taken": Words("a role was taken away", "un rôle a été retiré"),
    "left": Words("has left the hospital", "a quitté l'hôpital"),
    "returned": Words("is back in the hospital", "est de retour à l'hôpital"),
    "vouched": Words("a colleague vouched for patients", "un collègue a attesté pour des patients"),
    "seconded": Words("a colleague agreed to an emergency reading", "un collègue a approuvé une lecture en urgence"),
    "same person": Words("the same person has another account", "la même personne a un autre compte"),
    "crisis declared": Words("a crisis was declared", "une crise a été déclarée"),
    "crisis confirmed": Words("a crisis was confirmed", "une crise a été confirmée"),
    "crisis ended": Words("a crisis was ended", "une crise a été terminée"),
}
_CODES: Final = {
    "what": _WHAT,
    "means": {"key": Words("with a security key", "avec une clé de sécurité")},
    "rung": RUNG_WORDS,
}
"""Particulars whose values are codes."""
_SCOPES: Final = {
    "hold": Words("what the watch held", "ce que la veille retenait"),
    "session": Words("session", "session"),
    "crisis": Words("crisis", "crise"),
}
_LABELS: Final = {
    "what": Words("", ""),
    "means": Words("", ""),
    "why": Words("why:", "pourquoi :"),
    "rung": Words("now:", "désormais :"),
    "kind": Words("concerns:", "concerne :"),
    "role": Words("role:", "rôle :"),
    "hospital": Words("hospital:", "hôpital :"),
    "lines": Words("lines:", "lignes :"),
    "for": Words("for", "pour"),
    "with": Words("namely", "à savoir"),
    "by": Words("by", "par"),
    "granted_by": Words("code of", "code de"),
    "confirmed_by": Words("and", "et"),
    "until": Words("until", "jusqu'au"),
}
"""What is told, in the order in which it is read."""
_ACTING: Final = ("for", "by", "granted_by", "confirmed_by")
_ACCOUNT: Final = "with"
"""The particular that names an account by its number alone."""
TARGET_CHARACTERS_MAX: Final = 20
"""Of a device's key, which is long and says nothing to people."""


def acting_in(particulars: Mapping[str, str]) -> list[str]:
    """Everybody whom it names, as `account:NUMBER` or `operator:LOGIN`.

    >>> acting_in({"by": "account:3", "kind": "account", "target": "7"})
    ['account:3', 'account:7']
    """
    named = [particulars[key] for key in _ACTING if key in particulars]
    if _ACCOUNT in particulars:
        named.append(f"account:{particulars[_ACCOUNT]}")
    of_account = particulars.get("kind") == ContainmentKind.ACCOUNT
    return named + ([f"account:{particulars['target']}"] if of_account and "target" in particulars else [])


def told(
    speaker: Speaker, particulars: Mapping[str, str], names: Mapping[int, str], hospitals: Mapping[int, str]
) -> str:
    """The particulars in words; `names`: of accounts, `hospitals`: of hospitals, both by number. A hospital
    that does not stand there is not told of.

    >>> from zoneinfo import ZoneInfo
    >>> told(Speaker("en", ZoneInfo("UTC")), {"by": "account:3", "what": "revoked", "people": "4,7"}, {3: "ANS-3"}, {})
    'a security key was revoked, by ANS-3'
    """
    return ", ".join(_parts(speaker, particulars, names, hospitals))


def _parts(
    speaker: Speaker, particulars: Mapping[str, str], names: Mapping[int, str], hospitals: Mapping[int, str]
) -> Iterator[str]:
    for key, label in _LABELS.items():
        value = particulars.get(key)
        if value and key == "kind":
            value = f"{_kind(speaker, value)} {_target(particulars, names)}"
        elif value:
            value = _valued(speaker, key, value, names, hospitals)
        if value:
            yield f"{speaker.words(label)} {value}".strip()


def _valued(speaker: Speaker, key: str, value: str, names: Mapping[int, str], hospitals: Mapping[int, str]) -> str:
    words = _CODES.get(key, {}).get(value)
    if words:
        return speaker.words(words)
    if key == "until":
        until = datetime.fromisoformat(value)
        return speaker.moment(until) if until.tzinfo else speaker.day(until.date())
    if key == "role" and value in set(Role):
        return speaker.words(ROLES[Role(value)]).lower()
    if key in ("hospital", "for") and value.isdigit():
        return hospitals.get(int(value), "")
    return speaker.acting(f"account:{value}" if key == _ACCOUNT else value, names)


def _kind(speaker: Speaker, value: str) -> str:
    words = KINDS[ContainmentKind(value)] if value in set(ContainmentKind) else _SCOPES.get(value)
    return speaker.words(words) if words else value


def _target(particulars: Mapping[str, str], names: Mapping[int, str]) -> str:
    target = particulars.get("target", "")
    if particulars["kind"] == ContainmentKind.ACCOUNT and target.isdigit():
        return names.get(int(target), target)
    return target[:TARGET_CHARACTERS_MAX]
