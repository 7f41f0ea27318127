"""The page where people of the demonstration sign in: one button for each account, no password, nobody who exists."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from beffroi.model.account import AccountKind
from beffroi.model.person import Hospital
from beffroi.servers.console.speaking import ROLES
from beffroi.servers.exchange import language_of
from beffroi_region.issuer_flow import CodeFlow
from beffroi_region.staff import StaffAccount

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1c2531;--paper:#fff;--ground:#e9ecef;--line:#8a94a3;--quiet:#4a5564}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--paper:#1d2530;--ground:#12171e;--line:#7d8898;--quiet:#b3bcc9}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,"Segoe UI",Roboto,sans-serif}
main{max-width:44rem;margin:0 auto;padding:2rem 1rem}
h1{font-size:1.4rem;margin:0 0 .25rem}
p{margin:.25rem 0 1.25rem;color:var(--quiet)}
form{display:grid;gap:.5rem;grid-template-columns:repeat(auto-fill,minmax(min(19rem,100%),1fr))}
button{font:inherit;text-align:left;padding:.7rem .9rem;color:var(--ink);background:var(--paper);
border:1px solid var(--line);border-radius:.4rem;cursor:pointer}
button:hover{border-color:var(--ink)}
button:focus-visible{outline:3px solid #2f6fd0;outline-offset:2px}
b{display:block}
small{color:var(--quiet);font-size:.9rem}
"""
_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'",
}


def sign_in_page(
    flow: CodeFlow,
    staff: Sequence[StaffAccount],
    hospitals: Sequence[Hospital],
    query: Mapping[str, str],
    request: Request,
) -> Response:
    """The page for a pushed request; a refusal for any other."""
    reference = query.get("request_uri", "")
    french = language_of(request.headers.get("accept-language", "fr")) == "fr"
    if not flow.asks(reference) or flow.asks(reference) != query.get("client_id"):
        text = "Cette page est périmée." if french else "This page is out of date."
        return Response(text, 400, _HEADERS, "text/plain; charset=utf-8")
    names = {h.hospital_id: h.name for h in hospitals}
    title = "Connexion de démonstration" if french else "Sign-in of the demonstration"
    told = (
        "Choisissez qui vous êtes. Pas de mot de passe : personne ici n'existe."
        if french
        else "Choose who you are. No password: nobody here exists."
    )
    buttons = "".join(
        f'<button name="account" value="{escape(a.name)}"><b>{escape(a.display_name)}</b>'
        f"<small>{escape(ROLES[a.role].french if french else ROLES[a.role].english)} · "
        f"{escape(names[a.hospital_id])}</small></button>"
        for a in staff
        if a.kind is AccountKind.PERSON
    )
    return HTMLResponse(
        f'<!doctype html><html lang="{"fr" if french else "en"}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f'<h1>{title}</h1><p>{told}</p><form method="post" action="/authorize">'
        f'<input type="hidden" name="request_uri" value="{escape(reference)}">{buttons}</form></main></body></html>',
        headers=_HEADERS,
    )
