"""keygen, audit: the ledger's key, and the ledger counted again."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from beffroi.actions.audit import audit
from beffroi.actions.findings import Audited
from beffroi.actions.reopen import gather
from beffroi.app.assembly import ledger_verifiers, witnesses_of
from beffroi.app.investigating import archive_place
from beffroi.cli.files import content_of, write_new
from beffroi.cli.speaking import DEFAULT_CONFIG, LANGUAGE, ConfigFile, JsonFlag, fail, say, tell
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.config.settings import Config, LedgerSettings
from beffroi.errors import OperatorError
from beffroi.ledger.checkpoint import SEED_BYTES, Checkpoint, SigningKey, VerifierKey, opened
from beffroi.ledger.cosignature import CosigningKey
from beffroi.ledger.note import NOTE_BYTES_MAX, is_key_name
from beffroi.store.database import Database
from beffroi.store.ledger import LedgerStore
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from beffroi.telemetry import Process, configure_logs

EXIT_FOUND = 2


def add_to(app: typer.Typer) -> None:
    """Adds these commands."""
    app.command(
        help=say("Make a key that signs the ledger's checkpoints.", "Créer une clé qui signe le registre scellé.")
    )(keygen)
    app.command(
        "audit",
        help=say(
            "Count the sealed ledger again and compare it with the disclosures: exit code 2 when something differs.",
            "Recompter le registre scellé et le comparer aux divulgations : code 2 en cas d'écart.",
        ),
    )(audit_ledger)


def keygen(
    out: Annotated[Path, typer.Option("--out", help=say("The new file.", "Le nouveau fichier."), metavar="FILE")],
    origin: Annotated[
        str | None,
        typer.Option(
            help=say(
                "The ledger's name in the world; by default that of the configuration.",
                "Le nom public du registre ; par défaut celui de la configuration.",
            )
        ),
    ] = None,
    witness: Annotated[
        bool,
        typer.Option("--witness", help=say("A witness's key; --origin is its name.", "La clé d'un témoin.")),
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Writes the private key (mode 0600), never over another file, and prints the public one."""
    if witness and not origin:
        raise OperatorError("--witness needs --origin, its name.", "--witness demande --origin, son nom.")
    name = origin or ledger_of(load(config)).origin
    if not is_key_name(name):
        raise OperatorError("--origin: no space and no plus.", "--origin : ni espace ni plus.")
    seed = Clock().token_bytes(SEED_BYTES)
    key = CosigningKey(name, seed) if witness else SigningKey(name, seed)
    write_new(out, f"{key.secret_text()}\n".encode())
    tell(key.verifier().text())


def audit_ledger(
    config: ConfigFile = DEFAULT_CONFIG,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help=say("A checkpoint kept earlier.", "Un point de contrôle gardé."), metavar="FILE"),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            help=say(
                "A public key to know checkpoints by, instead of the configuration's: no private key is read.",
                "Une clé publique, au lieu de celles de la configuration : aucune clé privée n'est lue.",
            ),
            metavar="NAME+HASH+KEY",
        ),
    ] = None,
    ask_witnesses: Annotated[
        bool,
        typer.Option(
            "--ask-witnesses",
            help=say("Compare with what each witness saw last.", "Comparer à ce que chaque témoin a vu en dernier."),
        ),
    ] = False,
    as_json: JsonFlag = False,
    demo: Annotated[bool, typer.Option("--demo", help=say("A demonstration's.", "Celui d'une démonstration."))] = False,
) -> None:
    """Exit code: 0 nothing differs, 2 something does."""
    configure_logs(Process.COMMAND, level=logging.ERROR)
    loaded = load(config, demo=demo)
    settings = ledger_of(loaded)
    keys = verifier_keys(key) if key else ledger_verifiers(loaded, settings)
    kept = [kept_checkpoint(path, keys) for path in checkpoint or ()]
    audited = asyncio.run(_audit(loaded, settings.origin, keys, kept, ask_witnesses))
    if as_json:
        tell(msgspec.json.format(msgspec.json.encode(_plain(audited))).decode())
    else:
        _tell(audited)
    sys.exit(0 if audited.sound else EXIT_FOUND)


async def _audit(
    config: Config, origin: str, keys: Sequence[VerifierKey], kept: list[Checkpoint], ask_witnesses: bool
) -> Audited:
    witnesses = witnesses_of(config)
    async with await Database.open(config.dsn("sealer"), size=1, **AUDIT_SETTINGS) as database:
        if ask_witnesses:
            epoch = (await LedgerStore(database).look()).epoch
            evidence = await gather(witnesses, origin, epoch, keys)
            for name in evidence.away:
                fail(say(f"witness {name} does not say what it saw", f"le témoin {name} ne dit pas ce qu'il a vu"))
            kept = [*kept, *evidence.checkpoints]
        known = [one.key for one in witnesses]
        return await audit(database, keys, origin, Clock(), kept, archive_place(config), known)


def ledger_of(config: Config) -> LedgerSettings:
    """Its [ledger]. Raises OperatorError when there is none."""
    if config.ledger is None:
        raise OperatorError("The configuration has no [ledger].", "La configuration n'a pas de [ledger].")
    return config.ledger


def verifier_keys(texts: Sequence[str]) -> tuple[VerifierKey, ...]:
    """Public keys as `beffroi keygen` prints them."""
    try:
        return tuple(VerifierKey.parse(text) for text in texts)
    except ValueError:
        raise OperatorError(
            "--key: not a public key as `beffroi keygen` prints it.",
            "--key : pas une clé publique telle que `beffroi keygen` l'affiche.",
        ) from None


def kept_checkpoint(path: Path, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint of a file, under one of these keys. Raises OperatorError."""
    try:
        return opened(content_of(path, NOTE_BYTES_MAX).decode("utf-8", "replace"), keys)
    except ValueError:
        raise OperatorError(
            f"{path} is no checkpoint that a known key signed.",
            f"{path} n'est pas un point de contrôle signé d'une clé connue.",
        ) from None


def _tell(audited: Audited) -> None:
    for found in audited.found:
        words = found.words()
        fail(say(words.english, words.french))
    more = audited.faults_count - len(audited.found)
    if more:
        fail(say(f"and {more} more", f"et {more} autres"))
    for gap in audited.gaps:
        tell(
            say(
                f"epoch {gap.epoch} began at leaf {gap.kept_size} ({gap.declared}): {gap.lost_count} leaves known to "
                f"be lost, and whatever was disclosed after {gap.since}. Reason: {gap.reason}",
                f"l'époque {gap.epoch} a commencé à la feuille {gap.kept_size} ({gap.declared}) : {gap.lost_count} "
                f"feuilles perdues à notre connaissance, et ce qui a été divulgué après {gap.since}. Raison : "
                f"{gap.reason}",
            )
        )
    if audited.missing_count:
        tell(
            say(
                f"{audited.missing_count} disclosures were taken away before they were sealed",
                f"{audited.missing_count} divulgations retirées avant d'être scellées",
            )
        )
    if audited.erased_count:
        tell(say(f"{audited.erased_count} disclosures erased", f"{audited.erased_count} divulgations effacées"))
    tell(
        say(
            f"{audited.leaves_count} leaves, {audited.checkpoints_count} checkpoints, "
            f"{audited.waiting_count} disclosures waiting to be sealed: {audited.faults_count} faults.",
            f"{audited.leaves_count} feuilles, {audited.checkpoints_count} points de contrôle, "
            f"{audited.waiting_count} divulgations à sceller : {audited.faults_count} écarts.",
        )
    )


def _plain(audited: Audited) -> dict[str, object]:
    return {
        "sound": audited.sound,
        "leaves": audited.leaves_count,
        "checkpoints": audited.checkpoints_count,
        "waiting": audited.waiting_count,
        "erased": audited.erased_count,
        "cosignatures": audited.cosignatures_count,
        "gaps": [
            {
                "epoch": gap.epoch,
                "kept": gap.kept_size,
                "lost": gap.lost_count,
                "since": gap.since,
                "declared": gap.declared,
                "reason": gap.reason,
            }
            for gap in audited.gaps
        ],
        "missing": audited.missing_count,
        "kept_lost": audited.kept_lost_count,
        "faults": audited.faults_count,
        "found": [
            {
                "fault": one.fault.name.lower(),
                "numbers": one.numbers,
                "name": one.name,
                "text": one.words()[LANGUAGE == "fr"],
            }
            for one in audited.found
        ],
    }
