"""Errors as pages: what happened, why, and the fastest legitimate way on (law 7). Withheld never looks like
"nobody".
"""

from beffroi.access.policy import RIGHTS, Rights
from beffroi.errors import (
    AccountFrozen,
    BeffroiError,
    CeilingReached,
    Contained,
    Departed,
    Held,
    NotAuthenticated,
    NotFound,
    ServerError,
    TooManyInFlight,
    Words,
)
from beffroi.model.disclosure import Operation
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, own_path

_TITLES: dict[type[BeffroiError], Words] = {
    Departed: Words("You have left this hospital", "Vous avez quitté cet hôpital"),
    AccountFrozen: Words("This account is stopped", "Ce compte est arrêté"),
    CeilingReached: Words("Withheld", "Retenu"),
    Held: Words("Withheld", "Retenu"),
    Contained: Words("Stopped", "Arrêté"),
    NotAuthenticated: Words("Prove that it is you", "Prouvez que c'est vous"),
    NotFound: Words("Not found", "Introuvable"),
    TooManyInFlight: Words("Too many at once", "Trop à la fois"),
    ServerError: Words("Not available", "Indisponible"),
}
_KINDS: tuple[tuple[tuple[type[BeffroiError], ...], str], ...] = (
    ((AccountFrozen, Contained), "frozen"),
    ((CeilingReached, Held, NotAuthenticated), "held"),
    ((ServerError,), "away"),
    ((NotFound,), "gone"),
)
_OTHER = Words("Refused", "Refusé")
_FAILED = Words("Something failed", "Un problème est survenu")


def refusal(desk: Desk, visit: Visit, error: BeffroiError) -> Page:
    """The page of an error."""
    title = next((words for kind, words in _TITLES.items() if isinstance(error, kind)), _OTHER)
    status = getattr(error, "status", error.http_status)
    kind = next((name for kinds, name in _KINDS if isinstance(error, kinds)), "refused")
    if isinstance(error, NotAuthenticated):
        why = error.why(visit.language)
        return _page(desk, visit, title, f"{why[:1].upper()}{why[1:]}.", kind, status)
    return _page(desk, visit, title, error.text(visit.language), kind, status)


def failure(desk: Desk, visit: Visit) -> Page:
    """The last resort: a number to quote, and nothing else."""
    text = desk.pages.speaker(visit).say(
        "This page could not be made. Nothing was shown.", "Cette page n'a pas pu être faite. Rien n'a été montré."
    )
    return _page(desk, visit, _FAILED, text, "failed", 500)


def no_entry(desk: Desk, visit: Visit) -> Page:
    """A room that does not open to this role."""
    text = desk.pages.speaker(visit).say(
        "Your role does not open this page. The pages that it opens are in the menu.",
        "Votre rôle n'ouvre pas cette page. Celles qu'il ouvre sont dans le menu.",
    )
    return _page(desk, visit, Words("Not for this role", "Pas pour ce rôle"), text, "refused", 403)


def ahead(desk: Desk, visit: Visit) -> Page:
    """A page that the browser fetches before anybody asks for it: what nobody looks at is not shown."""
    text = desk.pages.speaker(visit).say("Open this page yourself.", "Ouvrez cette page vous-même.")
    return _page(desk, visit, _OTHER, text, "refused", 503)


def from_elsewhere(desk: Desk, visit: Visit) -> Page:
    """What only a page of the console leads to."""
    text = desk.pages.speaker(visit).say(
        "A page of another site leads here, and what is shown here is recorded. Nothing was shown: come by the menu.",
        "Un autre site mène ici, où ce qui est montré est consigné. Rien n'a été montré : passez par le menu.",
    )
    return _page(desk, visit, _OTHER, text, "refused", 403)


def out_of_date(desk: Desk, visit: Visit) -> Page:
    """A form of another session, or from elsewhere."""
    text = desk.pages.speaker(visit).say(
        "This form was opened by somebody else or too long ago. Nothing was done. Open the page again.",
        "Ce formulaire est celui de quelqu'un d'autre, ou trop ancien. Rien n'a été fait. Rouvrez la page.",
    )
    return _page(desk, visit, Words("Out of date", "Formulaire périmé"), text, "refused", 403)


def sent_before(desk: Desk, visit: Visit) -> Page:
    """A form that makes something new, sent again: it may be under way still."""
    text = desk.pages.speaker(visit).say(
        "This form was sent already, and is done once. Look at what came of it before you send another.",
        "Ce formulaire a déjà été envoyé, et n'agit qu'une fois. Voyez ce qui en est venu avant d'en envoyer un autre.",
    )
    return _page(desk, visit, Words("Sent already", "Déjà envoyé"), text, "refused", 409)


def _page(desk: Desk, visit: Visit, title: Words, text: str, kind: str, status: int) -> Page:
    rights = RIGHTS[visit.session.asker.role] if visit.session is not None else Rights()
    return desk.pages.render(
        visit,
        "refusal.html",
        title,
        status=status,
        text=text,
        kind=kind,
        emergency=rights.emergency,
        colleague=Operation.CONFIRM in rights.operations,
        back=own_path(visit.path) if visit.method == "GET" else "/",
    )
