"""Coming in and going out: the sign-in by the issuer, the way back, leaving, and handing the workstation to a
colleague.
"""

from beffroi.access.rejection import Rejected
from beffroi.actions.browser_sessions import SIGN_IN_S_MAX
from beffroi.actions.kept_sessions import AnotherSignIn, SignInFailed
from beffroi.errors import CallerError, Words
from beffroi.servers.console import devices
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import ROOT, Page, Visit, own_path, see_other
from beffroi.servers.console.headers import CLEAR
from beffroi.servers.console.pages import LANGUAGES
from beffroi.servers.console.rooms import rooms_of

TITLE = Words("Sign in", "Connexion")
LANGUAGE_S = 31_536_000
"""Seconds for which a browser keeps its language: a year."""


async def start(desk: Desk, visit: Visit) -> Page:
    """The first room of whoever is signed in; for a stranger the way to sign in."""
    if visit.session is not None:
        return see_other(rooms_of(visit.session.asker.role)[0].path)
    return entrance(desk, visit)


def entrance(
    desk: Desk, visit: Visit, why: str = "", status: int = 200, again: str = "", *, by_itself: bool = False
) -> Page:
    """The sign-in page. `why`: "ended", "unproved", "failed", "left", "other", or what an error says.

    `again`: the page to try again; `by_itself`: at once.
    """
    return desk.pages.render(visit, "entrance.html", TITLE, status=status, why=why, again=again, by_itself=by_itself)


def unproved(desk: Desk, visit: Visit) -> Page:
    """For a session that came without its device's key. It stays: perhaps its browser only could not ask for a cookie.

    Browsers do not ask for one where a link of another site leads here; they do where a page of ours does.
    """
    is_page = visit.method == "GET" and visit.headers.get("sec-fetch-mode", "") == "navigate"
    from_elsewhere = visit.headers.get("sec-fetch-site", "") in ("cross-site", "same-site")
    again = own_path(visit.path) if visit.method == "GET" else "/"
    page = entrance(desk, visit, "unproved", 401, again, by_itself=is_page and from_elsewhere)
    is_stale = desk.cookies.bound in visit.cookies  # it goes, so that the browser asks for another
    return Page(page.body, page.status, (desk.cookies.drop(desk.cookies.bound),) if is_stale else ())


async def sign_in(desk: Desk, visit: Visit) -> Page:
    """Off to the issuer."""
    address, cookie = await desk.sessions.begin(afresh="other" in visit.query)
    location = (b"location", address.encode("ascii", "replace"))
    return Page(b"", 303, (location, desk.cookies.set(desk.cookies.sign_in, cookie, SIGN_IN_S_MAX)))


async def signed_in(desk: Desk, visit: Visit) -> Page:
    """Back from the issuer, with a code or an error. A session that was there before is ended: it was another's; but by
    a sign-in that succeeds, since anybody's link leads here. Nor does such a link end a sign-in that is under way.
    """
    query, gone = visit.query, desk.cookies.drop(desk.cookies.sign_in)
    pending = visit.cookies.get(desk.cookies.sign_in, "")
    if "code" not in query or not pending:
        return _failed(desk, visit, "failed")
    try:
        signed_in = await desk.sessions.finish(
            pending, query.get("state", ""), query["code"], query.get("iss", ""), visit.network
        )
    except AnotherSignIn:
        return entrance(desk, visit, "failed", 400)
    except (SignInFailed, Rejected):
        return _failed(desk, visit, "failed")
    except CallerError as error:
        return _failed(desk, visit, error.text(visit.language), error.http_status)
    await desk.sessions.end(visit.cookies.get(desk.cookies.session, ""))
    own = (desk.cookies.drop(desk.cookies.bound), desk.cookies.set(desk.cookies.session, signed_in.cookie))
    return see_other("/", gone, *own, *devices.offer(signed_in.challenge))


def _failed(desk: Desk, visit: Visit, why: str, status: int = 400) -> Page:
    page = entrance(desk, visit, why, status)
    return Page(page.body, page.status, (desk.cookies.drop(desk.cookies.sign_in),))


async def sign_out(desk: Desk, visit: Visit) -> Page:
    """Leaves: the session ends everywhere, and what Back would show is gone."""
    await desk.sessions.end(visit.cookies.get(desk.cookies.session, ""))
    return see_other("/left", CLEAR, *desk.cookies.drop_session())


async def switch(desk: Desk, visit: Visit) -> Page:
    """Leaves, for a colleague who signs in next: the issuer asks who is there."""
    await desk.sessions.end(visit.cookies.get(desk.cookies.session, ""))
    # By a page of ours: the policy lets no form of ours lead to another site (form-action), not even by a redirect.
    return see_other("/left?other=1", CLEAR, *desk.cookies.drop_session())


LEAVING = (sign_out, switch)
"""What somebody may do whose account is stopped, or whose device is not proved."""


async def left(desk: Desk, visit: Visit) -> Page:
    """Where leaving leads."""
    return entrance(desk, visit, "other" if "other" in visit.query else "left")


async def language(desk: Desk, visit: Visit) -> Page:
    """The other language, for this browser."""
    wanted = visit.form.get("language", "")
    if wanted not in LANGUAGES:
        wanted = LANGUAGES[0]
    return Page(
        b"",
        303,
        (
            (b"location", (ROOT + own_path(visit.form.get("back", "/"))).encode("ascii")),
            desk.cookies.set(desk.cookies.language, wanted, LANGUAGE_S),
        ),
    )


async def stay(desk: Desk, visit: Visit) -> Page:
    """Somebody is there: for how many seconds more this session lasts without use."""
    session = visit.visitor
    left_s = (min(session.idle_ends_at, session.ends_at) - desk.clock.now()).total_seconds()
    return Page(str(max(0, int(left_s))).encode(), media_type="text/plain; charset=utf-8")


async def accessibility(desk: Desk, visit: Visit) -> Page:
    """The statement of accessibility (RGAA): what conforms, how that is known, and where to say what does not."""
    return desk.pages.render(visit, "accessibility.html", Words("Accessibility", "Accessibilité"))


async def help_page(desk: Desk, visit: Visit) -> Page:
    """What one can do here, by role, and whom to call."""
    return desk.pages.render(visit, "help.html", Words("Help", "Aide"), rooms_of(visit.visitor.asker.role)[-1])
