"""scope: whose data were seen, by opaque references. Every look is recorded."""

import asyncio
import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from beffroi.actions.house import open_house
from beffroi.actions.operator import operator_ask
from beffroi.app.investigating import archive_of
from beffroi.cli.owning import login
from beffroi.cli.proving import ProofFile, write_proof
from beffroi.cli.speaking import DEFAULT_CONFIG, ConfigFile, DemoFlag, columns, out, say, tell, tell_json
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.config.settings import Config
from beffroi.model.disclosure import Operation
from beffroi.model.scope import ScopeAnswer, ScopePatient
from beffroi.store.database import Database
from beffroi.telemetry import Process, configure_logs

LINES_DEFAULT = 50

Selections = Annotated[
    list[str],
    typer.Argument(
        help=say(
            "What to look at, such as 'account=SUBJECT since=2026-11-01 until=2026-11-08'. The words of one argument "
            "must all hold; several arguments are taken together. Words: account, account-number, device, network, "
            "application, hospital, patient, query (NAME:VALUE), since, until.",
            "Ce qu'on regarde, par exemple 'account=SUJET since=2026-11-01 until=2026-11-08'. Les mots d'un argument "
            "valent ensemble ; plusieurs arguments s'ajoutent. Mots : account, account-number, device, network, "
            "application, hospital, patient, query (NOM:VALEUR), since, until.",
        ),
        metavar="SELECTION...",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command(
        help=say(
            "Whose data were seen: patients as opaque references, and counts. The look is recorded.",
            "De qui les données ont été vues : références opaques et décomptes. La consultation est tracée.",
        )
    )(scope)


def scope(
    selections: Selections,
    as_json: Annotated[bool, typer.Option("--json", help=say("For programs: all of it.", "Pour programmes."))] = False,
    lines: Annotated[
        int, typer.Option(help=say("Patients shown in the terminal.", "Patients affichés."), min=0)
    ] = LINES_DEFAULT,
    proof: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Write the proof of one selection to a new file, for `beffroi verify-scope`.",
                "Écrire la preuve d'une sélection dans un nouveau fichier, pour `beffroi verify-scope`.",
            ),
            metavar="FILE",
        ),
    ] = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option(
            help=say("Encrypt the proof to this key.", "Chiffrer la preuve pour cette clé."), metavar="age1..."
        ),
    ] = None,
    open_range: Annotated[
        bool,
        typer.Option(
            "--open-range",
            help=say(
                "In the proof of a window, open every leaf: for an auditor who may read everybody's.",
                "Dans la preuve d'une période, ouvrir toutes les feuilles : pour un auditeur qui peut tout lire.",
            ),
        ),
    ] = False,
    reason: Annotated[str, typer.Option(help=say("Why, for the record.", "Pourquoi, pour la trace."))] = "",
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """The same answer as the API's for a data protection officer, with every hospital's count."""
    configure_logs(Process.COMMAND, level=logging.ERROR)
    wanted = ProofFile(proof, tuple(recipient or ()), open_range) if proof else None
    settings = load(config, demo=demo)
    answer = asyncio.run(_scope(settings, selections, reason, wanted))
    if as_json:
        tell_json(answer)
    else:
        _tell(answer, {hospital.id: hospital.name for hospital in settings.hospital}, lines)


async def _scope(config: Config, selections: list[str], reason: str, proof: ProofFile | None) -> ScopeAnswer:
    clock = Clock()
    async with await Database.open(config.dsn("web"), size=2) as database:
        house = await open_house(database, clock, archive=archive_of(config))
        try:
            ask = await operator_ask(database, clock, login(), Operation.SCOPE_VIEW, reason)
            released = await house.investigation.view_of_operator(ask, selections)
            if proof is not None:
                leaving = dataclasses.replace(ask, operation=Operation.EXPORT, request_id=clock.uuid())
                await write_proof(config, house.investigation, leaving, selections, proof)
        finally:
            await house.close()
        return released.content


def _tell(answer: ScopeAnswer, names: Mapping[int, str], lines: int) -> None:
    titles = ("patient", say("times", "fois"), say("first", "première"), say("last", "dernière"), say("fate", "sort"))
    table = columns(*titles, say("fields", "champs"))
    for one in answer.patients[:lines]:
        table.add_row(*_cells(one))
    if answer.patients[:lines]:
        out.print(table)
    for text in _totals(answer, names):
        tell(text)


def _cells(one: ScopePatient) -> tuple[str, ...]:
    first, last = (at.strftime("%Y-%m-%d %H:%M:%S") if at else "" for at in (one.first_at, one.last_at))
    return one.reference, str(one.times), first, last, one.certainty, ", ".join(one.fields)


def _totals(answer: ScopeAnswer, names: Mapping[int, str]) -> list[str]:
    counts = answer.totals
    hospitals = ", ".join(f"{names.get(number, number)}: {count}" for number, count in counts.by_hospital.items())
    fields = ", ".join(f"{name}: {count}" for name, count in counts.by_field.items())
    lines = [
        say(
            f"{counts.patients} patients seen in {answer.readings} disclosures ({counts.sent} sent, {counts.unknown} "
            f"unknown); of {counts.aborted} others the answer was never handed over.",
            f"{counts.patients} patients vus en {answer.readings} communications ({counts.sent} remises, "
            f"{counts.unknown} incertaines) ; pour {counts.aborted} autres, la réponse n'a pas été remise.",
        ),
        say(
            f"{counts.minors} minors, {counts.deceased} deceased, {counts.protected} under protected access, "
            f"{counts.unreachable} without a usable address.",
            f"{counts.minors} mineurs, {counts.deceased} décédés, {counts.protected} en accès protégé, "
            f"{counts.unreachable} sans adresse utilisable.",
        ),
        say(f"By hospital: {hospitals}", f"Par hôpital : {hospitals}"),
        say(f"By field: {fields}", f"Par champ : {fields}"),
        say(f"{counts.refused} questions refused.", f"{counts.refused} questions refusées."),
    ]
    criteria = (f" ({', '.join(a.criteria)})" if a.criteria else "" for a in answer.asked)
    lines += [f"  {a.operation} {a.outcome}: {a.times}{said}" for a, said in zip(answer.asked, criteria, strict=True)]
    lines += _beside(answer)
    return [*lines, say(f"Recorded as {answer.disclosure_id}.", f"Tracé sous {answer.disclosure_id}.")]


def _beside(answer: ScopeAnswer) -> list[str]:
    """What this list cannot say, and what others' logs say."""
    lines = []
    if answer.erased:
        lines.append(
            say(
                f"{answer.erased} disclosures that may belong here were erased when their time was over: nobody can "
                "say whom they showed.",
                f"{answer.erased} communications qui peuvent en faire partie ont été effacées au terme de leur "
                "conservation : personne ne peut dire qui elles ont montré.",
            )
        )
    if answer.foreign:
        named = ", ".join(f"{name}: {count}" for name, count in answer.foreign.by_certainty.items())
        unknown = answer.foreign.unknown
        lines.append(
            say(
                f"Apart, other servers' logs: {named}; {unknown} questions of unknown result.",
                f"À part, journaux d'autres serveurs : {named} ; {unknown} questions au résultat inconnu.",
            )
        )
    return lines
