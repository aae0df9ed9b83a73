"""The whole system with a devnet of its own: one command, nothing to configure, no real network."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from airdrops_site.devnet.anvil import Anvil, AnvilConfig
from airdrops_site.devnet.deploy import deploy_devnet, require_deployed
from airdrops_site.devnet.errors import DevnetError
from airdrops_site.devnet.manifest import Manifest
from airdrops_site.devnet.ports import free_port
from airdrops_site.quickstart import children, demo, folder, networks, operator, progress
from airdrops_site.quickstart.errors import QuickstartError
from airdrops_site.quickstart.supervisor import Supervisor
from airdrops_site.roles import sync_roles
from airdrops_site.scripted import of_database
from wallets.signers.loading import become_signing_process

CHAINS = {31337: 2.0, 31338: 1.0}  # chain id: seconds between blocks


class Command(BaseCommand):
    """`make run`."""

    help = "Runs everything on a local devnet with demo wallets and tasks."

    def add_arguments(self, parser: CommandParser) -> None:
        """Port, one round only, fresh start."""
        parser.add_argument("--port", type=int, default=settings.PORT, help="port of the console")
        parser.add_argument(
            "--once", action="store_true", help="run every demo task to its end, show it, exit"
        )
        parser.add_argument(
            "--reset", action="store_true", help="delete the demo's data and start afresh"
        )

    def handle(self, *_args: Any, port: int, once: bool, reset: bool, **_options: Any) -> None:
        """Start everything, stay until a signal or the end of the round."""
        anvils: list[Anvil] = []
        try:
            data = folder.prepare()
            lock = folder.claim(data)
            if reset:
                folder.empty(data)
            folder.require_free_port(port)
            since, supervisor = self._set_up(data, port, anvils, once=once)
            self._run(supervisor, since, once=once)
        except (QuickstartError, DevnetError, DatabaseError) as error:
            for anvil in anvils:
                anvil.stop()
            said = of_database(error) if isinstance(error, DatabaseError) else error
            sys.stderr.write(f"{said}\n")
            raise SystemExit(2) from error
        del lock
        if once:
            progress.print_table(since)
            raise SystemExit(0 if progress.all_done(since) and progress.all_succeeded(since) else 1)

    def _set_up(
        self, data: Path, port: int, anvils: list[Anvil], *, once: bool
    ) -> tuple[int, Supervisor]:
        # First, for it is what a new machine lacks. One by one, so that a failing second
        # start still stops the first.
        self._say("Starting the devnet …")
        for chain_id, seconds in CHAINS.items():
            anvils.append(_start_anvil(data, chain_id, seconds))
        self._say("Preparing the database …")
        call_command("migrate", verbosity=0)
        sync_roles()
        password = operator.ensure_operator(data)
        become_signing_process()
        wallets = demo.ensure_wallets()
        urls = {anvil.config.chain_id: anvil.url for anvil in anvils}
        manifest = _manifest(data, urls, [wallet.address for wallet in wallets])
        self._say("Registering contracts and tasks …")
        rows = networks.register_devnet(manifest, urls)
        demo.ensure_tasks(manifest, rows, wallets)
        since = progress.newest_finished_run()
        demo.arm(once=once)
        logs = data / "logs"
        self._greet(data, port, password)
        return since, Supervisor(anvils, children.cluster(logs), children.web(logs, port))

    def _run(self, supervisor: Supervisor, since: int, *, once: bool) -> None:
        supervisor.listen_for_signals()
        try:
            supervisor.start()
            supervisor.run(done=(lambda: once and progress.all_done(since)))
        finally:
            self._say("Stopping: web, workers, devnet …")
            supervisor.stop()

    def _greet(self, data: Path, port: int, password: str | None) -> None:
        kept = operator.password_file(data)
        self._say(f"Console   http://127.0.0.1:{port}/admin/")
        self._say(f"Login     {operator.NAME} / {password or f'the password in {kept}'}")
        self._say(f"Health    http://127.0.0.1:{port}/health")
        self._say(f"Logs      {data / 'logs'}")
        self._say("Look at Transactions, Runs and Ledger entries; Ctrl-C stops everything.")

    def _say(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()


def _start_anvil(data: Path, chain_id: int, seconds: float) -> Anvil:
    config = AnvilConfig(
        chain_id=chain_id,
        port=free_port(),
        log_file=data / "logs" / f"anvil-{chain_id}.log",
        block_time=seconds,
        state_file=data / "devnet" / f"{chain_id}.json",
    )
    return Anvil.start(config)


def _manifest(data: Path, urls: dict[int, str], wallets: list[str]) -> Manifest:
    path = data / "devnet" / "manifest.json"
    l1, l2 = (urls[chain_id] for chain_id in CHAINS)
    if path.exists():
        known = Manifest.load(path)
        require_deployed(known, l1, l2)
        return known
    manifest = deploy_devnet(l1, l2, wallets=wallets)
    manifest.save(path)
    return manifest
