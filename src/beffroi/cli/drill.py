"""drill: the yearly exercise. The synthetic region is imported only when it runs."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from beffroi.cli.demonstration import Language, LanguageOption
from beffroi.cli.speaking import LANGUAGE, JsonFlag, out, say, tell
from beffroi.errors import unwritable


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(help=say("Thieves and honest work, in simulated time.", "Des voleurs et du travail, en temps simulé."))(
        drill
    )


def drill(
    scenario: Annotated[
        str,
        typer.Option(
            help=say("One by its name, attack, genuine, year or all.", "Un nom, attack, genuine, year ou all.")
        ),
    ] = "all",
    seed: Annotated[
        int | None, typer.Option(help=say("The same seed, the same exercise.", "Même graine, même exercice."))
    ] = None,
    runs: Annotated[int, typer.Option(min=1, max=100_000, help=say("Of each scenario.", "De chaque scénario."))] = 100,
    professionals: Annotated[
        int, typer.Option(min=100, max=200_000, help=say("Of the plain years.", "Des années ordinaires."))
    ] = 1_000,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help=say("Processes that play at once.", "Processus qui jouent ensemble."))
    ] = 2,
    live: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help=say("Against a running demonstration.", "Contre une démonstration qui tourne.")
        ),
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help=say("Also a page with charts.", "Aussi une page avec des graphiques."))
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help=say("The demonstration's folder.", "Le dossier de la démo."))
    ] = None,
    as_json: JsonFlag = False,
    lang: LanguageOption = None,
) -> None:
    """Exits with 1 when an aim is missed or an answer came after a verdict."""
    from beffroi_region.drill.exercise import HELD_OUT_SEED, exercise, missed
    from beffroi_region.drill.page import written
    from beffroi_region.drill.telling import tell as tell_report

    if page is not None and not page.parent.is_dir():
        raise unwritable(page, FileNotFoundError())
    language = lang or Language(LANGUAGE)
    progress = (lambda text: None) if as_json else lambda text: typer.echo(text, err=True)
    if live is not None:
        from beffroi_region.drill.live import play_live

        report = play_live(live, scenario, data, progress)
    else:
        report = exercise(
            scenario,
            seed=HELD_OUT_SEED if seed is None else seed,
            runs=runs,
            professionals=professionals,
            processes=processes,
            say=progress,
        )
    if page is not None:
        page.write_text(written(report, language), encoding="utf-8")
    if as_json:
        tell(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        tell_report(report, out, language)
    if missed(report):
        raise typer.Exit(1)
