"""norms propose, sign, apply, show: what is usual, changed by people alone."""

from pathlib import Path
from typing import Annotated

import typer

from beffroi.actions.norms import DAYS, apply, propose, sign
from beffroi.cli.files import EVERYBODY_READS, text_of, write_new
from beffroi.cli.owning import as_owner
from beffroi.cli.speaking import DEFAULT_CONFIG, ConfigFile, DemoFlag, say, tell
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.config.settings import SECRET_BYTES_MAX
from beffroi.errors import OperatorError
from beffroi.ledger.checkpoint import SigningKey, VerifierKey, signing_keys
from beffroi.store.norms import NormStore
from beffroi.watch.release import TEXT_BYTES_MAX, read_release

SHOWN_MAX = 20

app = typer.Typer(
    no_args_is_help=True,
    help=say("What is usual for the roles of each site.", "Ce qui est habituel pour les rôles de chaque site."),
)


def add_to(parent: typer.Typer) -> None:
    """Adds these commands."""
    parent.add_typer(app, name="norms")


OutFile = Annotated[Path, typer.Option("--out", help=say("The new file.", "Le nouveau fichier."), metavar="FILE")]


@app.command("propose", help=say("Propose base rates from what was read.", "Proposer des taux d'après les lectures."))
def propose_norms(
    out: OutFile,
    days: Annotated[int, typer.Option(min=7, max=365, help=say("Days to look back on.", "Jours examinés."))] = DAYS,
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Writes the medians over accounts as a text for people to read, change and sign."""
    text = as_owner(load(config, demo=demo), lambda database: propose(NormStore(database), Clock().now(), days))
    write_new(out, text.encode(), EVERYBODY_READS)
    count = len(read_release(text).norms)
    tell(say(f"{count} base rates proposed in {out}. Read them, then sign.", f"{count} taux proposés dans {out}."))


@app.command("sign", help=say("Sign a release.", "Signer une publication de normes."))
def sign_norms(
    file: Annotated[Path, typer.Argument(help=say("The text.", "Le texte."))],
    key: Annotated[Path, typer.Option(help=say("The private key's file.", "Le fichier de la clé privée."))],
    out: OutFile,
) -> None:
    """Writes the signed note. The key need not be where the server is."""
    try:
        note = sign(text_of(file, TEXT_BYTES_MAX), _key(key))
    except ValueError as error:
        raise OperatorError(f"{file}: {error}.", f"{file} : {error}.") from None
    write_new(out, note.encode(), EVERYBODY_READS)
    tell(say(f"Signed: {out}.", f"Signé : {out}."))


@app.command("apply", help=say("Put a signed release in force.", "Mettre en vigueur une publication signée."))
def apply_norms(
    file: Annotated[Path, typer.Argument(help=say("The signed note.", "La note signée."))],
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Verifies it with `watch.norm_keys`; the gates read it within a minute."""
    settings = load(config, demo=demo)
    keys = tuple(VerifierKey.parse(text) for text in settings.watch.norm_keys)
    note = text_of(file, 2 * TEXT_BYTES_MAX)
    try:
        number = as_owner(settings, lambda database: apply(NormStore(database), note, keys))
    except ValueError as error:
        raise OperatorError(f"{file}: {error}.", f"{file} : {error}.") from None
    tell(say(f"Release {number} is in force within a minute.", f"Publication {number} en vigueur dans la minute."))


@app.command("show", help=say("The releases that were applied.", "Les publications appliquées."))
def show_norms(config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """Each with its date and its base rates, the latest first."""
    releases = as_owner(load(config, demo=demo), lambda database: NormStore(database).applied(SHOWN_MAX))
    if not releases:
        tell(say("None: the built-in norms hold.", "Aucune : les normes d'origine valent."))
    for one in releases:
        tell(f"{one.number}  {one.applied_at:%Y-%m-%d %H:%M}")
        for norm in read_release(one.content).norms:
            where = say("everywhere", "partout") if not norm.hospital else str(norm.hospital)
            tell(f"   {norm.role}  {where}  {norm.base_rate:.4f}")


def _key(path: Path) -> SigningKey:
    try:
        return signing_keys(text_of(path, SECRET_BYTES_MAX))[0]
    except ValueError:
        raise OperatorError(f"{path} holds no key.", f"{path} ne contient pas de clé.") from None
