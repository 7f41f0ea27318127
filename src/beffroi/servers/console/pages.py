"""Pages from templates. Both languages stand side by side in a template (`t("Find", "Chercher")`), so that no text has
one alone; everything is escaped; a name that a template does not know is an error.

Templates never see a `Released`: what may be shown of patients is laid out by `patients`, which opens it.
"""

import re
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from beffroi.actions.browser_sessions import Session
from beffroi.clock import Clock
from beffroi.errors import Words
from beffroi.model.disclosure import DisclosureId, Outcome
from beffroi.model.hospitals import Hospitals
from beffroi.servers.console.assets import Assets
from beffroi.servers.console.exchange import FORM_NUMBER, FORM_TOKEN, ROOT, Header, Page, Visit
from beffroi.servers.console.rooms import Room, rooms_of
from beffroi.servers.console.speaking import ROLES, Speaker

LANGUAGES: Final = ("fr", "en")
UNPROCESSABLE: Final = 422
_PAUSE: Final = re.compile(r"\s*[,;.](?:\s|$)")
CONFORMING: Final = {
    "none": Words("Accessibility: not conforming", "Accessibilité : non conforme"),
    "partial": Words("Accessibility: partly conforming", "Accessibilité : partiellement conforme"),
    "full": Words("Accessibility: fully conforming", "Accessibilité : totalement conforme"),
}
"""The mention that every page bears (law 2005-102, article 47; decree 2019-768, article 5)."""


class _Templates(BaseLoader):
    """The files of this package's folder, read once."""

    def __init__(self) -> None:
        folder = resources.files("beffroi.servers.console") / "templates"
        self._texts = {f.name: f.read_text(encoding="utf-8") for f in folder.iterdir() if f.name.endswith(".html")}

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, None]:
        """The text of a template."""
        if template not in self._texts:
            raise TemplateNotFound(template)
        return self._texts[template], None, None


def _token(session: Session | None) -> Markup:
    """The hidden field by which a form is known to be this session's. Base64url: nothing to escape."""
    return Markup(f'<input type="hidden" name="{FORM_TOKEN}" value="{session.form_token}">' if session else "")  # noqa: S704  # nosec B704


def _once(number: UUID) -> Markup:
    """The hidden field of a form that is done once. A number of ours: nothing to escape."""
    return Markup(f'<input type="hidden" name="{FORM_NUMBER}" value="{number}">')  # noqa: S704  # nosec B704


def brief(text: str, characters_max: int = 80) -> str:
    """A text for a line of a list, whose own page has it whole.

    >>> brief("Sainte-Marthe", 8), brief("Lille", 8)
    ('Sainte-…', 'Lille')
    """
    return text if len(text) <= characters_max else f"{text[: characters_max - 1]}…"


def first_part(text: str) -> str:
    """What a sentence says first: up to its first comma, semicolon or full stop.

    >>> first_part("Minutes during which a proof is remembered; more than it is accepted for.")
    'Minutes during which a proof is remembered'
    """
    return _PAUSE.split(text, maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class Place:
    """What every page says of this deployment. `call`: whom to call when something is withheld; `accessibility`: what
    the operator's audit found."""

    region: str
    demo: bool
    version: str
    call: str
    zone: ZoneInfo
    accessibility: str


class Pages:
    """Renders for one deployment."""

    def __init__(self, place: Place, hospitals: Hospitals, clock: Clock) -> None:
        self.place = place
        self.assets = Assets()
        self._hospitals = hospitals
        self._clock = clock
        self._speakers = {language: Speaker(language, place.zone) for language in LANGUAGES}
        self._environment = Environment(
            loader=_Templates(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._environment.filters |= {
            "seconds": lambda at: int(at.timestamp()),
            "brief": brief,
            "first_part": first_part,
        }
        self._environment.globals |= {"root": ROOT, "asset": self.assets.addresses, "place": place}

    def speaker(self, visit: Visit) -> Speaker:
        """How this visitor is spoken to."""
        return self._speakers[visit.language]

    def render(
        self,
        visit: Visit,
        template: str,
        title: Words,
        room: Room | None = None,
        *,
        status: int = 200,
        headers: tuple[Header, ...] = (),
        disclosure_id: DisclosureId | None = None,
        outcome: Outcome = Outcome.NONE,
        **values: Any,
    ) -> Page:
        """A page. `title` names the place, never a person; a page of mistakes says so in it (WCAG 2.2, 3.3.1)."""
        speaker, session = self.speaker(visit), visit.session
        mistaken = speaker.say("Mistake: ", "Erreur : ") if status == UNPROCESSABLE else ""
        body = self._environment.get_template(template).render(
            t=speaker.say,
            speaker=speaker,
            language=visit.language,
            title=mistaken + speaker.words(title),
            here=room,
            rooms=rooms_of(session.asker.role) if session else (),
            session=session,
            token=lambda: _token(session),
            once=lambda: _once(self._clock.uuid()),
            conforming=speaker.words(CONFORMING[self.place.accessibility]),
            who=self._who(visit),
            now=self._clock.now(),
            today=self._clock.now().astimezone(self.place.zone).date(),
            path=visit.path,
            request_id=visit.request_id,
            **values,
        )
        return Page(body.encode(), status, headers, disclosure_id, outcome)

    def _who(self, visit: Visit) -> dict[str, str]:
        session = visit.session
        if session is None:
            return {"name": "", "role": "", "hospital": ""}
        asker = session.asker
        return {
            "name": session.name,
            "role": self.speaker(visit).words(ROLES[asker.role]),
            "hospital": self._hospitals.by_id(asker.structure).name,
        }
