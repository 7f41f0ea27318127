"""demo and bench: the synthetic region, imported only when one of these commands runs. `serve` cannot reach it."""

import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from beffroi.cli.speaking import HELP, LANGUAGE, JsonFlag, say, tell

app = typer.Typer(
    help=say("A whole region on this machine, to try.", "Une région entière sur cette machine, pour essayer."),
    context_settings=HELP,
)
bench = typer.Typer(
    help=say("Measure this machine.", "Mesurer cette machine."), no_args_is_help=True, context_settings=HELP
)


DataOption = Annotated[
    Path | None, typer.Option("--data", help=say("Its folder.", "Son dossier."), metavar=say("DIR", "DOSSIER"))
]
AccountOption = Annotated[
    str | None, typer.Option("--account", help=say("As whom, such as ward-nurse.", "En tant que qui (ward-nurse...)."))
]


def _measure(english: str, french: str, **bounds: Any) -> Any:
    return typer.Option(help=say(english, french), **bounds)


People = Annotated[int, _measure("People of the region.", "Habitants de la région.", min=1_000, max=10_000_000)]
Seconds = Annotated[float, _measure("Seconds of each measure.", "Secondes de chaque mesure.", min=1, max=3_600)]
Seed = Annotated[int, _measure("The same seed, the same region.", "Même graine, même région.")]


def add_to(parent: typer.Typer) -> None:
    """Adds these commands."""
    parent.add_typer(app, name="demo")
    parent.add_typer(bench, name="bench")


class Language(StrEnum):
    EN = "en"
    FR = "fr"


LanguageOption = Annotated[
    Language | None,
    typer.Option("--lang", help=say("Language; by default LANG's.", "Langue ; par défaut celle de LANG.")),
]


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    people: Annotated[int | None, typer.Option(help=say("People of the region.", "Habitants de la région."))] = None,
    hospitals: Annotated[int | None, typer.Option(help=say("Hospitals.", "Hôpitaux."))] = None,
    seed: Annotated[
        int | None, typer.Option(help=say("The same seed, the same region.", "Même graine, même région."))
    ] = None,
    data: DataOption = None,
    port: Annotated[int | None, typer.Option(help=say("The first of its ports.", "Le premier de ses ports."))] = None,
    lang: LanguageOption = None,
) -> None:
    """Runs until Ctrl-C, unless a command follows."""
    if context.invoked_subcommand is not None:
        return
    from beffroi_region.demo.running import run

    raise typer.Exit(
        run(people=people, hospitals=hospitals, seed=seed, data=data, port=port, language=lang or LANGUAGE),
    )


@app.command(help=say("A token of an account, and its key.", "Un jeton d'un compte, et sa clé."))
def token(account: AccountOption = None, data: DataOption = None, lang: LanguageOption = None) -> None:
    """Of a demonstration that runs."""
    from beffroi_region.demo.using import ACCOUNT_DEFAULT, token

    raise typer.Exit(token(account=account or ACCOUNT_DEFAULT, data=data, language=lang or LANGUAGE))


@app.command(help=say("One signed request.", "Une requête signée."))
def call(
    method: Annotated[str, typer.Argument(metavar="METHOD", help=say("GET, POST, PUT...", "GET, POST, PUT..."))],
    path: Annotated[str, typer.Argument(metavar="PATH", help="/fhir/Patient?...")],
    account: AccountOption = None,
    header: Annotated[list[str] | None, typer.Option("--header", "-H", help='"Beffroi-Purpose: TREAT"')] = None,
    body: Annotated[str, typer.Option("--body", help=say("The body, or @FILE.", "Le corps, ou @FICHIER."))] = "",
    curl: Annotated[bool, typer.Option("--curl", help=say("Print it for curl.", "L'afficher pour curl."))] = False,
    data: DataOption = None,
    lang: LanguageOption = None,
) -> None:
    """Of a demonstration that runs."""
    from beffroi_region.demo.using import ACCOUNT_DEFAULT, call

    raise typer.Exit(
        call(
            method,
            path,
            account=account or ACCOUNT_DEFAULT,
            headers=header or (),
            body=body,
            curl=curl,
            data=data,
            language=lang or LANGUAGE,
        )
    )


@app.command(help=say("Send one HL7 v2 message over MLLP.", "Envoyer un message HL7 v2 par MLLP."))
def send(
    file: Annotated[Path, typer.Argument(help=say("One segment a line.", "Un segment par ligne."), metavar="FILE")],
    data: DataOption = None,
    lang: LanguageOption = None,
) -> None:
    """Of a demonstration that runs."""
    from beffroi_region.demo.using import send

    raise typer.Exit(send(file, data=data, language=lang or LANGUAGE))


@bench.command(help=say("Searches per second, recorded and not.", "Recherches par seconde, tracées ou non."))
def search(
    people: People = 1_000_000,
    clients: Annotated[int, _measure("Who ask at once.", "Qui demandent ensemble.", min=1, max=1_000)] = 32,
    seconds: Seconds = 20.0,
    seed: Seed = 1,
    brief: Annotated[bool, typer.Option("--brief", help=say("The two main numbers.", "Les deux nombres."))] = False,
    as_json: JsonFlag = False,
) -> None:
    """The numbers of docs/benchmarks.md come from here."""
    from beffroi_region.bench.search import run

    _tell_report(run(people, clients, seconds, seed=seed, everything=not brief, say=_progress()), as_json)


@bench.command(help=say("Messages and imported rows per second.", "Messages et lignes importées par seconde."))
def feed(
    people: People = 100_000,
    seconds: Seconds = 20.0,
    import_rows: Annotated[
        int, _measure("Lines of the imported file.", "Lignes du fichier importé.", min=1_000, max=1_000_000)
    ] = 50_000,
    seed: Seed = 1,
    as_json: JsonFlag = False,
) -> None:
    """The numbers of docs/benchmarks.md come from here."""
    from beffroi_region.bench.feed import run

    _tell_report(run(people, seconds, import_rows, seed=seed, say=_progress()), as_json)


@bench.command(help=say("Disclosures sealed per second.", "Divulgations scellées par seconde."))
def seal(
    disclosures: Annotated[int, _measure("That wait to be sealed.", "À sceller.", min=1_000, max=100_000_000)] = 50_000,
    seconds: Seconds = 20.0,
    per_s: Annotated[int, _measure("That arrive each second.", "Arrivées par seconde.", min=1, max=100_000)] = 2_500,
    people: Annotated[
        int, _measure("Of the region; 0: no searches.", "De la région ; 0 : sans recherches.", min=0, max=10_000_000)
    ] = 100_000,
    accounts: Annotated[int, _measure("Accounts that ask.", "Comptes qui demandent.", min=50, max=100_000)] = 2_000,
    seed: Seed = 1,
    as_json: JsonFlag = False,
) -> None:
    """A backlog first, then beside disclosures that arrive, then beside searches. Some three minutes with a region
    that is there already."""
    from beffroi_region.bench.seal import run, summary

    report = run(disclosures, seconds, per_s, seed=seed, say=_progress(), people=people, accounts=accounts)
    tell(msgspec.json.format(msgspec.json.encode(report)).decode() if as_json else summary(report))


@bench.command(help=say("How fast a stolen account is stopped.", "En combien de temps un compte volé est arrêté."))
def contain(
    rounds: Annotated[int, _measure("How often.", "Combien de fois.", min=1, max=1_000)] = 5, as_json: JsonFlag = False
) -> None:
    """One account hammers three web processes of a real deployment; it is stopped by hand."""
    from beffroi_region.bench.containment import run, summary

    report = run(rounds, say=_progress())
    tell(msgspec.json.format(msgspec.json.encode(report)).decode() if as_json else summary(report))


@bench.command(help=say("How fast the archive answers a scope.", "En combien de temps l'archive répond."))
def scope(
    disclosures: Annotated[int, _measure("Archived ones.", "Archivées.", min=10_000, max=2_000_000_000)] = 10_000_000,
    seed: Seed = 1,
    folder: Annotated[
        str, typer.Option(help=say("On which disk: 25 bytes a disclosure.", "Sur quel disque : 25 octets chacune."))
    ] = "",
    keep: Annotated[
        bool,
        typer.Option(
            "--keep", help=say("Keep it in the folder, ask it again.", "La garder dans le dossier, l'y réinterroger.")
        ),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """One account's year, one patient's history, one hour; beside files that are not sorted, and an access log."""
    from beffroi_region.bench.scope import run, summary

    report = run(disclosures, seed, folder, keep, say=_progress())
    tell(msgspec.json.format(msgspec.json.encode(report)).decode() if as_json else summary(report))


@bench.command(help=say("What each page of the console takes.", "Ce que prend chaque page de la console."))
def pages(
    people: People = 1_000_000,
    rounds: Annotated[int, _measure("How often each page.", "Combien de fois chaque page.", min=3, max=1_000)] = 30,
    seed: Seed = 1,
    as_json: JsonFlag = False,
) -> None:
    """Every page as who may open it, by turns: time at the server, size, look-ups."""
    from beffroi_region.bench.pages import run, summary

    report = run(people, rounds, seed, say=_progress())
    tell(msgspec.json.format(msgspec.json.encode(report)).decode() if as_json else summary(report))


@bench.command(help=say("A step of the watch.", "Un pas de la veille."))
def watch(
    repeats: Annotated[int, _measure("How often.", "Combien de fois.", min=1, max=100)] = 5,
    seed: Seed = 1,
    as_json: JsonFlag = False,
) -> None:
    """Recorded questions of honest work, judged again and again."""
    from beffroi_region.bench.watch import run, summary

    report = run(repeats, seed=seed, say=_progress())
    tell(msgspec.json.format(msgspec.json.encode(report)).decode() if as_json else summary(report))


def _progress() -> Callable[[str], None]:
    """Tells on standard error what is under way and since when: the results alone go to standard output."""
    started_s = time.monotonic()
    return lambda text: typer.echo(f"{time.monotonic() - started_s:5.0f} s  {text}", err=True)


def _tell_report(report: dict[str, Any], as_json: bool) -> None:
    from beffroi_region.bench.report import summary

    if as_json:
        tell(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        tell(summary(report))
