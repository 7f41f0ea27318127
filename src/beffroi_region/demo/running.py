"""Starting, running and stopping one demonstration, so that whatever happens the next start finds its way.

The order: the folder is claimed; PostgreSQL starts; the configuration is written; an unfinished region is filled by the
import; the sign-in and all servers start; the day's messages are sent; the state is written, last. Ctrl-C undoes it in
the reverse order. A kill undoes nothing: the next start goes on from what is durable.
"""

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
import uvloop

from beffroi.access.reference import References
from beffroi.app.preparation import migrate_and_set_up
from beffroi.app.serving import serving
from beffroi.app.supervisor import CannotStart
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.errors import OperatorError
from beffroi.ledger.checkpoint import SEED_BYTES, SigningKey
from beffroi.model.person import PersonId
from beffroi.outbound.signing_key import SigningKey as ClientKey
from beffroi.outbound.signing_key import read_key
from beffroi.store.accounts import AccountStore
from beffroi.store.cluster import apart
from beffroi.store.database import Database
from beffroi.store.embedded import EmbeddedPostgres
from beffroi.store.external import Postgres, postgres_for
from beffroi.store.identities import Horizon, IdentityStore, load_deployment
from beffroi.store.registers import is_demo
from beffroi.telemetry import Process, configure_logs
from beffroi_region import staff
from beffroi_region.demo.building import import_people, refresh, send_messages
from beffroi_region.demo.examples import commands, write_messages
from beffroi_region.demo.folder import Claim, Example, Folder, Plan, Running, State, Wanted, default_folder
from beffroi_region.demo.screen import Screen, Steps
from beffroi_region.demo.settings import (
    CONSOLE_KEY_FILE,
    HOST,
    LEDGER_KEY_FILE,
    LEDGER_ORIGIN,
    PORT_DEFAULT,
    PORTS,
    Ports,
    browser_url,
    configuration,
    url,
)
from beffroi_region.hospitals import sites
from beffroi_region.issuer import DemoIssuer
from beffroi_region.issuer_server import issuer_running

PORT_MAX = 65_535 - PORTS + 1
LEFTOVERS_S_MAX = 20.0
"""Seconds in which the servers of a demonstration that was killed give their ports back."""
GRANTED_BY = "demo"


def run(
    *,
    people: int | None = None,
    hospitals: int | None = None,
    seed: int | None = None,
    data: Path | None = None,
    port: int | None = None,
    language: str = "en",
) -> int:
    """Runs a demonstration until Ctrl-C; the exit code. None means what is there already, or the default."""
    screen, folder = Screen(language), Folder(data or default_folder())
    try:
        _run(Wanted(people, hospitals, seed), folder, _ports(port), screen)
    except CannotStart as error:
        screen.fail(error)
        screen.say(f"The log: {folder.log}", f"Le journal : {folder.log}")
        return 1
    except OperatorError as error:
        screen.fail(error)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass
    screen.say("Stopped.", "Arrêté.")
    return 0


def _ports(port: int | None) -> Ports:
    first = PORT_DEFAULT if port is None else port
    if not 1 <= first <= PORT_MAX:
        raise OperatorError(f"--port: 1 to {PORT_MAX}.", f"--port : de 1 à {PORT_MAX}.")
    return Ports(first)


def _run(wanted: Wanted, folder: Folder, ports: Ports, screen: Screen) -> None:
    clock, began_s = Clock(), time.monotonic()
    folder.make()
    claim = Claim(folder)
    try:
        _wait_for_ports(ports, was_killed=folder.running() is not None)
        plan, state = _plan(wanted, folder, clock, screen)
        folder.tell_running(Running(os.getpid(), clock.now(), url(ports.web)))
        with _logs_in(folder.log), screen.steps() as steps, _postgres(folder, plan, state, steps) as server:
            demonstration = _Demonstration(folder, plan, state, ports, server, clock, screen, steps, began_s)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(demonstration.live())
    finally:
        folder.left()
        claim.give_back()


def _plan(wanted: Wanted, folder: Folder, clock: Clock, screen: Screen) -> tuple[Plan, State | None]:
    """What to run: the finished region, the unfinished one, or a new one. Raises OperatorError on a contradiction."""
    state = folder.state()
    if state is not None:
        differing = wanted.differs_from(state.plan)
        if differing:
            names = ", ".join(f"--{name}" for name in differing)
            raise OperatorError(
                f"{folder.root} holds another region ({names} differ). Leave them out, or name another folder with "
                "--data.",
                f"{folder.root} contient une autre région ({names}). Omettez ces options, ou nommez un autre dossier "
                "avec --data.",
            )
        return state.plan, state
    unfinished = folder.build()
    if unfinished is not None and not wanted.differs_from(unfinished):
        screen.say(
            "This region was not finished: going on with it.", "Cette région n'était pas finie : on la poursuit."
        )
        return unfinished, None
    if unfinished is not None:
        screen.say(
            "Another region was not finished here: starting anew.",
            "Une autre région n'était pas finie ici : on recommence.",
        )
    return wanted.plan(clock.now()), None


def _wait_for_ports(ports: Ports, *, was_killed: bool) -> None:
    """Returns when all ports are free. After a kill that may take a moment; otherwise a busy one is an error."""
    deadline = time.monotonic() + (LEFTOVERS_S_MAX if was_killed else 0)
    while (busy := next((port for port in ports.all() if _is_busy(port)), None)) is not None:
        if time.monotonic() >= deadline:
            raise OperatorError(
                f"Port {busy} of this machine is taken. The demonstration needs {PORTS} in a row: choose with --port.",
                f"Le port {busy} de cette machine est pris. La démonstration en demande {PORTS} de suite : choisissez "
                "avec --port.",
            )
        time.sleep(0.1)


def _is_busy(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return True
    return False


@contextmanager
def _logs_in(path: Path) -> Iterator[None]:
    """Standard error, ours and that of every process that we start, goes to a file; the screen is for people."""
    own = os.dup(2)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.dup2(file, 2)
        configure_logs(Process.COMMAND)
        yield
    finally:
        os.dup2(own, 2)
        os.close(own)
        os.close(file)


@contextmanager
def _postgres(folder: Folder, plan: Plan, state: State | None, steps: Steps) -> Iterator[Postgres]:
    """The embedded server, or the one that is named. For a region that begins now its database is empty."""
    server = postgres_for(folder.database)
    try:
        with steps.step("Starting PostgreSQL", "Démarrage de PostgreSQL"):
            owner = server.start()
            if state is None and folder.build() != plan:
                if apart(lambda: is_demo(owner)) is not None:
                    server.empty()
                folder.begin(plan)
        yield server
    finally:
        server.stop()


class _Demonstration:
    """One run, from the configuration to Ctrl-C."""

    def __init__(
        self,
        folder: Folder,
        plan: Plan,
        state: State | None,
        ports: Ports,
        server: Postgres,
        clock: Clock,
        screen: Screen,
        steps: Steps,
        began_s: float,
    ) -> None:
        self._folder = folder
        self._plan = plan
        self._state = state
        self._ports = ports
        self._server = server
        self._clock = clock
        self._screen = screen
        self._steps = steps
        self._sites = sites(plan.hospitals)
        self._hospitals = tuple(site.hospital for site in self._sites)
        self._stop = asyncio.Event()
        self._waiting = False
        self._began_s = began_s

    async def live(self) -> None:
        """Prepares, serves, introduces itself, and waits for Ctrl-C."""
        self._obey_signals()
        await self._configure()
        identities = await self._fill()
        async with self._serving():
            state = await self._bring_alive(identities)
            self._introduce(state, await self._reference(state.example))
            self._waiting = True
            await self._stop.wait()
            self._screen.say("Stopping...", "Arrêt en cours...")

    def _obey_signals(self) -> None:
        """Ctrl-C ends a demonstration that waits, and interrupts one that is being built; once is enough."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()

        def on_signal() -> None:
            if not self._stop.is_set():
                self._stop.set()
                if task is not None and not self._waiting:
                    task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, on_signal)

    async def _configure(self) -> None:
        text = configuration(self._hospitals, self._ports, self._server.dsn)
        _write_private(self._folder.config, text)
        key_file = self._folder.config.with_name(LEDGER_KEY_FILE)
        if not key_file.exists():
            key = SigningKey(LEDGER_ORIGIN, self._clock.token_bytes(SEED_BYTES))
            _write_private(key_file, key.secret_text() + "\n")
        console_file = self._folder.config.with_name(CONSOLE_KEY_FILE)
        if not console_file.exists():
            _write_private(console_file, msgspec.json.encode(ClientKey().private_jwk).decode() + "\n")
        await migrate_and_set_up(load(self._folder.config, demo=True), demo=True, clock=self._clock)

    async def _fill(self) -> int:
        """The identities that were imported, or are there already."""
        if self._state is not None:
            return self._state.identities
        with self._steps.step("Importing the region", "Import de la région") as tell:
            async with self._database("feed") as database:
                issuer = url(self._ports.issuer)
                return await import_people(self._folder, self._plan, database, issuer, self._clock, tell)

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        """The sign-in and all servers."""
        async with contextlib.AsyncExitStack() as stack:
            with self._steps.step("Starting the servers", "Démarrage des serveurs"):
                database = await stack.enter_async_context(self._database("owner"))
                accounts = staff.everybody(self._hospitals)
                await _grant(database, accounts, url(self._ports.issuer))
                await stack.enter_async_context(self._issuer(database, accounts))
                await stack.enter_async_context(serving(self._folder.config, demo=True))
            yield

    def _issuer(
        self, database: Database, accounts: tuple[staff.StaffAccount, ...]
    ) -> AbstractAsyncContextManager[DemoIssuer]:
        key_file = self._folder.config.with_name(CONSOLE_KEY_FILE)
        key = read_key(msgspec.json.decode(key_file.read_bytes(), type=dict[str, str]))
        return issuer_running(
            self._folder.root,
            database,
            accounts,
            self._hospitals,
            url(self._ports.web),
            self._ports.issuer,
            self._clock,
            console=(key, f"{browser_url(self._ports.web)}/console/signed-in"),
        )

    async def _bring_alive(self, identities: int) -> State:
        state = self._state
        if state is None:
            with self._steps.step("Sending a day's messages (MLLP)", "Envoi des messages d'un jour (MLLP)") as tell:
                example, count = await send_messages(self._plan, self._ports.mllp, tell)
            state = State(self._plan, identities, count, example)
            self._folder.finish(state)
        await refresh(self._plan, state.example, self._ports.mllp, self._clock.now())
        return state

    async def _reference(self, example: Example) -> str:
        """The public reference of the example. Nothing of her identity is read."""
        async with self._database("web") as database:
            deployment = await load_deployment(database)
            assert deployment is not None, "this database was set up above"
            first = self._hospitals[0].hospital_id
            horizon = Horizon(first, (), 0, self._clock.now())
            (person, *_) = await IdentityStore(database).by_ipp([(first, example.ipp)], horizon)
            return References(deployment.reference_key).of(PersonId(person))

    def _introduce(self, state: State, reference: str) -> None:
        ports, now = self._ports, self._clock.now()
        running = Running(os.getpid(), now, url(ports.web), url(ports.issuer), ports.mllp, url(ports.operations))
        write_messages(self._folder, self._sites[0], now)
        self._folder.tell_running(running)
        self._steps.close()
        self._screen.introduce(
            self._plan,
            running,
            staff.ready_accounts(self._hospitals),
            commands(self._folder, ports, self._hospitals[0], state.example, reference),
            self._places(),
        )
        took_s = round(time.monotonic() - self._began_s)
        self._screen.say(f"Ready in {took_s} s. Ctrl-C stops it.", f"Prêt en {took_s} s. Ctrl-C l'arrête.")

    def _places(self) -> list[Path]:
        """The folder, and the database's where the server's own account could not have entered it (root)."""
        own = self._folder.root
        if isinstance(self._server, EmbeddedPostgres) and not self._server.data_dir.is_relative_to(own):
            return [own, self._server.data_dir]
        return [own]

    @asynccontextmanager
    async def _database(self, role: str) -> AsyncIterator[Database]:
        database = await Database.open(self._server.dsn(f"beffroi_{role}"), size=2, application_name="beffroi demo")
        async with database:
            yield database


async def _grant(database: Database, accounts: tuple[staff.StaffAccount, ...], issuer: str) -> None:
    """Roles with privileges come from a grant, as an operator gives them."""
    store = AccountStore(database)
    for account in accounts:
        if account.needs_grant:
            stored = await store.create_person(issuer, account.subject)
            await store.grant(stored.account_id, account.hospital_id, account.role, GRANTED_BY, None)


def _write_private(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".new")
    file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(text)
    partial.replace(path)
