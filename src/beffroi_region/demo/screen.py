"""What somebody sees while a demonstration starts, runs and stops, in English or French."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from beffroi.errors import OperatorError, Words
from beffroi_region.demo.examples import Command
from beffroi_region.demo.folder import Plan, Running
from beffroi_region.staff import StaffAccount

Tell = Callable[[int, int], None]


class Screen:
    """The terminal, in one language ("fr", or English for anything else)."""

    def __init__(self, language: str, console: Console | None = None) -> None:
        self.language = language
        # Commands are copied from here: never wrapped, never coloured within.
        self._console = console or Console(file=sys.stdout, highlight=False, soft_wrap=True)

    def words(self, english: str, french: str) -> str:
        """The words of this screen's language."""
        return french if self.language == "fr" else english

    def say(self, english: str, french: str) -> None:
        """One line."""
        self._console.print(self.words(english, french), markup=False)

    def fail(self, error: OperatorError) -> None:
        """What is wrong, and what to do."""
        self._console.print(error.text(self.language), style="red", markup=False)

    @contextmanager
    def steps(self) -> Iterator["Steps"]:
        """Progress bars, until the block is left."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            yield Steps(self, progress)

    def introduce(
        self,
        plan: Plan,
        running: Running,
        accounts: tuple[StaffAccount, ...],
        examples: list[Command],
        places: Sequence[Path],
    ) -> None:
        """Everything that somebody needs who tries it."""
        self._print_addresses(plan, running, places)
        self._print_accounts(accounts)
        self._console.print(self.words("In another terminal:", "Dans un autre terminal :"), style="bold")
        for command in examples:
            self._console.print(f"\n# {_pick(command.words, self.language)}", style="dim", markup=False)
            self._console.print(command.line, markup=False)
        self._console.print()

    def _print_addresses(self, plan: Plan, running: Running, places: Sequence[Path]) -> None:
        self._console.print()
        title = self.words(
            f"A region of {plan.people:,} people and {plan.hospitals} hospitals. Nobody in it exists.",
            f"Une région de {plan.people:,} personnes et {plan.hospitals} hôpitaux. Personne n'y existe.".replace(
                ",", " "
            ),
        )
        self._console.print(title, style="bold", markup=False)
        rows = (
            (self.words("Console, in a browser", "Console, dans un navigateur"), console_url(running.web)),
            ("FHIR", f"{running.web}/fhir"),
            ("HL7 v2 (MLLP)", f"127.0.0.1:{running.mllp_port}"),
            (self.words("Sign-in", "Connexion"), running.issuer),
            (self.words("Health and metrics", "Santé et mesures"), running.operations),
            (self.words("Folder and log", "Dossier et journal"), str(places[0])),
            *((self.words("Database", "Base de données"), str(place)) for place in places[1:]),
        )
        self._columns(rows)

    def _print_accounts(self, accounts: tuple[StaffAccount, ...]) -> None:
        heading = (
            self.words("Account", "Compte"),
            self.words("Who", "Qui"),
            self.words("Over HL7 v2 (MSH-4)", "En HL7 v2 (MSH-4)"),
        )
        self._console.print(
            self.words(
                "In the console, choose one of these people on the sign-in page; there is no password.",
                "Dans la console, choisissez l'une de ces personnes à la connexion ; il n'y a pas de mot de passe.",
            )
        )
        self._columns([heading, *((a.name, a.display_name, a.facility) for a in accounts)])

    def _columns(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Rows with their columns aligned, never cut: a narrow terminal wraps them."""
        widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._console.print("  " + "  ".join(cells).rstrip(), markup=False)
        self._console.print()


def console_url(web: str) -> str:
    """The console's address, by the machine's name: security keys belong to a name.

    >>> console_url("http://127.0.0.1:8080")
    'http://localhost:8080/console'
    """
    return web.replace("127.0.0.1", "localhost") + "/console"


def _pick(words: Words, language: str) -> str:
    return words.french if language == "fr" else words.english


class Steps:
    """The bars of one start."""

    def __init__(self, screen: Screen, progress: Progress) -> None:
        self._screen = screen
        self._progress = progress

    @contextmanager
    def step(self, english: str, french: str) -> Iterator[Tell]:
        """A bar for one step: filled by `Tell`, and at the latest when the block is left."""
        task = self._progress.add_task(self._screen.words(english, french), total=None)

        def tell(done: int, total: int) -> None:
            self._progress.update(task, completed=done, total=total)

        yield tell
        self._progress.update(task, completed=1, total=1)

    def close(self) -> None:
        """No more bars: what follows is printed below them."""
        self._progress.stop()
