"""The operator's pages of keys and witnesses, and of the applications that are enrolled."""

from datetime import datetime
from typing import Final

from beffroi.actions.cosign import SAID, WitnessState
from beffroi.errors import Words
from beffroi.model.certificate import CertificateFile, Validity, to_renew
from beffroi.model.trust import IssuerStanding, WitnessWord
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit
from beffroi.servers.console.paging import cut
from beffroi.servers.console.rooms import Room
from beffroi.servers.console.speaking import ROLES, Speaker

KEYS_TITLE = Words("Keys and witnesses", "Clés et témoins")
APPLICATIONS_TITLE = Words("Applications", "Logiciels")
SETTINGS: Final = frozenset(
    {"ledger.origin", "ledger.former_keys", "ledger.witnesses_min", "watch.norm_keys", "watch.key_domain"}
)
"""Settings that say which keys count: none is a secret."""
KEYS_MAX: Final = 12
"""Keys of an issuer on the page: one that changes its key every hour keeps more."""
ISSUERS_MAX: Final = 12
APPLICATIONS_MAX: Final = 40
"""Applications of a page: with long names it stays under 60 KiB."""
CREDENTIALS: Final = {
    "x5t": Words("certificate", "certificat"),
    "client": Words("token", "jeton"),
    "loopback": Words("this machine, without TLS", "cette machine, sans TLS"),
}
_COSIGNED: Final = Words("cosigned", "a cosigné")
_VALIDITIES: Final = {
    Validity.GOOD: ("good", Words("", "")),
    Validity.ENDS_SOON: ("warn", Words("renew it", "à renouveler")),
    Validity.ENDED: ("bad", Words("ended", "expiré")),
    Validity.UNREADABLE: ("bad", Words("cannot be read", "illisible")),
}


async def keys(desk: Desk, visit: Visit) -> Page:
    """Whose keys are believed, which are ours, and who cosigns."""
    trust, now, speaker = await desk.trust.trust(), desk.clock.now(), desk.pages.speaker(visit)
    return desk.pages.render(
        visit,
        "operate_keys.html",
        KEYS_TITLE,
        Room.OPERATE,
        trust=trust,
        issuers=trust.issuers[:ISSUERS_MAX],
        keys_max=KEYS_MAX,
        failing=[one.issuer for one in trust.issuers if one.away],
        states={one.issuer: _issuer_state(one, now, speaker) for one in trust.issuers},
        words={one.witness: _word(one, speaker) for one in trust.witnesses},
        certificates=[(one, *_certificate(one, now, speaker)) for one in trust.certificates],
        ending=to_renew(trust.certificates, now),
        settings=[(one.name, one.value) for one in desk.settings.lines if one.name in SETTINGS and one.value],
    )


async def applications(desk: Desk, visit: Visit) -> Page:
    """Which software is enrolled: for which hospital, known by what, when it was last seen, how it stands."""
    found = await desk.operations.applications()
    return desk.pages.render(
        visit,
        "operate_applications.html",
        APPLICATIONS_TITLE,
        Room.OPERATE,
        applications=cut(found, visit.query, rows_max=APPLICATIONS_MAX),
        roles={role.value: words for role, words in ROLES.items()},
        credentials=CREDENTIALS,
    )


def _issuer_state(one: IssuerStanding, now: datetime, speaker: Speaker) -> tuple[str, str]:
    """How it is marked, and in which words."""
    if one.good_until is None or one.good_until <= now:
        said = speaker.say("nobody can sign in by it", "personne ne peut se connecter par lui")
        return "bad", f"{said} ({one.failure})" if one.failure else said
    if one.failure:
        until = speaker.when(one.good_until, now)
        english = f"the last fetch failed ({one.failure}): these keys are good until {until}"
        french = f"le dernier chargement a échoué ({one.failure}) : ces clés valent jusqu'à {until}"
        return "warn", speaker.say(english, french)
    return "good", speaker.say("fetched", "chargées")


def _word(one: WitnessWord, speaker: Speaker) -> tuple[str, str]:
    state = WitnessState(one.state)
    if state is not WitnessState.COSIGNED:
        return "bad" if state is WitnessState.CONTRADICTS else "warn", speaker.words(SAID[state])
    return "good", speaker.words(_COSIGNED)


def _certificate(one: CertificateFile, now: datetime, speaker: Speaker) -> tuple[str, str]:
    mark, words = _VALIDITIES[one.validity(now)]
    days = one.days_left(now)
    left = speaker.say(f"{days} days", f"{days} jours") if days > 1 else speaker.say("a day", "un jour")
    if days < 1:
        left = speaker.say("less than a day", "moins d'un jour") if one.ends_at and one.ends_at > now else ""
    return mark, ", ".join(filter(None, (left, speaker.words(words), speaker.words(one.failure))))
