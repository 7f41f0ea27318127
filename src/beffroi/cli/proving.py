"""verify-scope, and the file that `scope --proof` writes: what was seen, provable to who trusts nobody here."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from beffroi.actions.asking import Ask
from beffroi.actions.investigate import Investigation
from beffroi.actions.proving import prover_here
from beffroi.actions.verify_scope import FILE_BYTES_MAX, Checked, verify
from beffroi.app.investigating import archive_place
from beffroi.cli.files import content_of, write_new
from beffroi.cli.ledger import EXIT_FOUND, verifier_keys
from beffroi.cli.speaking import LANGUAGE, JsonFlag, fail, say, tell
from beffroi.config.settings import Config
from beffroi.errors import OperatorError
from beffroi.ledger.cosignature import CosignerKey
from beffroi.store.database import Database
from beffroi.store.ledger import LedgerStore
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from beffroi.store.openings import openings


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command(
        "verify-scope",
        help=say(
            "Check a scope's proof offline, with public keys alone: exit code 2 when something is wrong with it.",
            "Vérifier la preuve d'un périmètre hors ligne, avec les seules clés publiques : code 2 en cas d'écart.",
        ),
    )(verify_scope)


def verify_scope(
    file: Annotated[Path, typer.Argument(help=say("The proof.", "La preuve."), metavar="FILE")],
    key: Annotated[
        list[str],
        typer.Option(help=say("A public key of the ledger.", "Une clé publique du registre."), metavar="NAME+HASH+KEY"),
    ],
    witness: Annotated[
        list[str] | None,
        typer.Option(help=say("A witness's public key.", "La clé publique d'un témoin."), metavar="NAME+HASH+KEY"),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Reads the file and nothing else."""
    try:
        witnesses = [CosignerKey.parse(text) for text in witness or ()]
    except ValueError:
        raise OperatorError("--witness: no witness's key.", "--witness : pas la clé d'un témoin.") from None
    checked = verify(content_of(file, FILE_BYTES_MAX), verifier_keys(key), witnesses)
    if as_json:
        tell(msgspec.json.format(msgspec.json.encode(_plain(checked))).decode())
    else:
        _tell(checked)
    sys.exit(EXIT_FOUND if checked.wrong else 0)


async def write_proof(
    config: Config, investigation: Investigation, ask: Ask, texts: Sequence[str], wanted: "ProofFile"
) -> None:
    """Writes the proof of one selection to a new file (mode 0600), once it stands in the record that it leaves."""
    if len(texts) != 1:
        raise OperatorError("A proof is of one selection.", "Une preuve porte sur une seule sélection.")
    (selection,) = await investigation.selections(texts)
    async with await Database.open(config.dsn("sealer"), size=2, **AUDIT_SETTINGS) as database:
        note = await LedgerStore(database).checkpoint()
        if note is None:
            raise OperatorError("Nothing is sealed yet.", "Rien n'est encore scellé.")
        async with openings(database, archive_place(config)) as reading:
            prover = prover_here(reading, note)
            released = await investigation.proved(
                ask, selection, prover, wanted.recipients, everything=wanted.open_range
            )
    await asyncio.to_thread(write_new, wanted.path, released.content)
    if not wanted.recipients:
        fail(
            say(
                "The file is not encrypted, and holds what was searched for: --recipient age1... next time.",
                "Le fichier n'est pas chiffré, et contient ce qui a été cherché : utilisez --recipient age1...",
            )
        )


@dataclass(frozen=True, slots=True)
class ProofFile:
    """Where a proof goes, to whom it is encrypted, and whether a range is opened whole."""

    path: Path
    recipients: tuple[str, ...] = ()
    open_range: bool = False


def _tell(checked: Checked) -> None:
    for words in checked.wrong:
        fail(say(words.english, words.french))
    for words in checked.notes:
        tell(say(words.english, words.french))
    tell(
        say(
            f"{checked.leaves} leaves opened, {checked.selected} selected, {len(checked.people)} patients, "
            f"{checked.witnesses} witnesses: {_verdict(checked)[0]}.",
            f"{checked.leaves} feuilles ouvertes, {checked.selected} retenues, {len(checked.people)} patients, "
            f"{checked.witnesses} témoins : {_verdict(checked)[1]}.",
        )
    )


def _verdict(checked: Checked) -> tuple[str, str]:
    if checked.wrong:
        return "nothing is proved", "rien n'est prouvé"
    return ("complete", "complet") if checked.complete else ("sound, not complete", "juste, mais pas complet")


def _plain(checked: Checked) -> dict[str, object]:
    french = LANGUAGE == "fr"
    return {
        "kind": checked.kind,
        "sound": not checked.wrong,
        "complete": checked.complete,
        "leaves": checked.leaves,
        "selected": checked.selected,
        "people": sorted(checked.people),
        "witnesses": checked.witnesses,
        "wrong": [words[french] for words in checked.wrong],
        "notes": [words[french] for words in checked.notes],
    }
