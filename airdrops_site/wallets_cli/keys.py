"""The verbs that make or take in keys. A key is never shown; a new seed phrase is, once."""

import os
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import CommandParser

from airdrops_site.answers import BadInput
from airdrops_site.wallets_cli.adding import add_all, add_marks
from airdrops_site.wallets_cli.verbs import Options, Said, Verb, tell
from wallets.adding.layout import (
    as_keystores,
    as_references,
    as_watched,
    found_in,
    read_env_file,
)
from wallets.adding.rows import MOST_ROWS, NewWallet, Refusal, new_wallet
from wallets.labels import refuse_label
from wallets.models import Wallet
from wallets.signers.environment import require_allowed
from wallets.signers.interface import SignerError
from wallets.signers.keystore import address_in, create_keystore, import_keystore
from wallets.signers.mnemonic import DEFAULT_PATH, keep_phrase, new_phrase, open_mnemonic
from wallets.signers.passphrases import asked_line, asked_passphrase
from wallets.signers.vault import vault_path

_LARGEST_FILE = 64 * 1024


def _create(options: Options) -> Said:
    _require_free(options["label"])
    address, name = create_keystore(options["label"])
    row = _row(options["label"], address, f"keystore:{name}", options)
    return add_all([row], options, reason="a new key")


def _create_arguments(parser: CommandParser) -> None:
    parser.add_argument("label")
    add_marks(parser)


def _import_keystore(options: Options) -> Said:
    path = Path(options["file"])
    label = options["label"] or path.stem
    _require_free(label)
    return _copy_all([(label, path)], options)


def _import_keystores(options: Options) -> Said:
    folder = Path(options["folder"])
    files = sorted(path for path in folder.glob("*") if _may_be_keystore(path))
    if not files:
        raise BadInput(f"there is no keystore file in {folder}")
    named = [(f"{options['prefix']}{path.stem}"[:80], path) for path in files]
    for label, path in named:
        _require_free(label)
        if Wallet.objects.filter(address__iexact=address_in(path)).exists():
            raise BadInput(f"{path.name} is the key of a wallet that is here already")
    return _copy_all(named, options)


def _copy_all(named: list[tuple[str, Path]], options: Options) -> Said:
    """Copies in our folder, then the wallets; the copies are taken away where one is refused."""
    passphrase = asked_passphrase(
        file=options["passphrase_file"], variable=options["passphrase_env"], what="the keystore"
    )
    copies: list[str] = []
    # Before the database is asked to wait: opening a keystore takes its time on purpose.
    rows = list(_copied(named, passphrase, copies, options))
    said = add_all(rows, options, reason="imported from keystores")
    if said.code:
        for name in copies:
            # The file it was copied from is still where it was.
            vault_path(name).unlink(missing_ok=True)
    return said


def _copied(
    named: list[tuple[str, Path]], passphrase: str, copies: list[str], options: Options
) -> Iterator[NewWallet | Refusal]:
    for label, path in named:
        try:
            address, name = import_keystore(path, own_passphrase=passphrase, label=label)
        except SignerError as error:
            yield Refusal(0, str(error))
            return
        copies.append(name)
        tell(f"{len(copies)} of {len(named)}: {path.name} opened")
        yield _row(label, address, f"keystore:{name}", options)


def _import_keystore_arguments(parser: CommandParser) -> None:
    parser.add_argument("file", help="a V3 keystore file")
    parser.add_argument("--label", default="", help="the file's name when left out")
    _add_passphrase(parser)
    add_marks(parser)


def _import_keystores_arguments(parser: CommandParser) -> None:
    parser.add_argument("folder", help="a folder of V3 keystore files with one passphrase")
    parser.add_argument("--prefix", default="", help="what each label begins with")
    _add_passphrase(parser)
    add_marks(parser)


def _add_passphrase(parser: CommandParser) -> None:
    parser.add_argument("--passphrase-file", default="", help="a file with its passphrase")
    parser.add_argument("--passphrase-env", default="", help="a variable with it; else it is asked")


def _import_env(options: Options) -> Said:
    variables = read_env_file(Path(options["file"])) if options["file"] else dict(os.environ)
    found = found_in(variables)
    if not found:
        raise BadInput(f"there is no WALLET_… variable in {options['file'] or 'the environment'}")
    group, reason = options["group"], "imported from variables"
    if not options["keystores"]:
        require_allowed()
        said = add_all(as_references(found, group=group), options, reason=reason)
        if not said.code:
            tell("Keep the variables in the workers' environment, and out of the web's.")
        return said
    # Everything is checked before the first file is made.
    checked = add_all(as_watched(found, group=group), {"dry_run": True}, reason=reason)
    if checked.code or options["dry_run"]:
        return checked
    return add_all(list(as_keystores(found, group=group)), options, reason=reason)


def _import_env_arguments(parser: CommandParser) -> None:
    parser.add_argument("file", nargs="?", default="", help="a .env file; else the environment")
    parser.add_argument("--keystores", action="store_true", help="copy the keys into keystores")
    parser.add_argument("--group", default="")
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")


def _phrase(options: Options) -> Said:
    phrase = new_phrase(options["words"]) if options["new"] else asked_line("Seed phrase: ")
    extra = asked_line("Its BIP-39 passphrase: ") if options["extra"] else ""
    name = keep_phrase(phrase, label=options["label"], extra=extra, path=options["path"])
    first = open_mnemonic(f"{name}#0").address
    if options["new"]:
        tell(f"Write it down now, it is not shown again: {phrase}")
    return Said(
        {"file": name, "first_address": first, "path": options["path"]},
        [f"{name} holds the phrase, encrypted; its first address is {first}"],
    )


def _phrase_arguments(parser: CommandParser) -> None:
    parser.add_argument("label")
    parser.add_argument("--new", action="store_true", help="draw a new one; else it is asked")
    parser.add_argument("--words", type=int, choices=(12, 15, 18, 21, 24), default=24)
    parser.add_argument("--extra", action="store_true", help="ask for a BIP-39 passphrase too")
    parser.add_argument("--path", default=DEFAULT_PATH)


def _add_hd(options: Options) -> Said:
    start, count = options["start"], options["count"]
    if not 0 < count <= MOST_ROWS or start < 0:
        raise BadInput(f"a range has 1 to {MOST_ROWS:,} wallets and starts at 0 or above")
    rows = list(_derived(options, range(start, start + count)))
    return add_all(rows, options, reason="an HD range")


def _derived(options: Options, indices: range) -> Iterator[NewWallet | Refusal]:
    prefix, width = options["prefix"], len(str(indices[-1]))
    for index in indices:
        reference = f"{options['file']}#{index}"
        address = open_mnemonic(reference).address
        yield _row(f"{prefix}{index:0{width}d}", address, f"mnemonic:{reference}", options)


def _add_hd_arguments(parser: CommandParser) -> None:
    parser.add_argument("file", help="the phrase's file in the keystore folder")
    parser.add_argument("--start", type=int, default=0, help="the first index")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--prefix", required=True, help="what each label begins with, like farm-")
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
    add_marks(parser)


def _row(label: str, address: str, signer: str, options: Options) -> NewWallet | Refusal:
    return new_wallet(
        label=label,
        address=address,
        signer=signer,
        tags=options.get("tags", ""),
        group=options.get("group", ""),
    )


def _require_free(label: str) -> None:
    """Said before a key is made or opened for nothing."""
    if reason := refuse_label(label):
        raise BadInput(reason)
    if Wallet.objects.filter(label=label).exists():
        raise BadInput(f"the label {label!r} is already used")


def _may_be_keystore(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.stat().st_size < _LARGEST_FILE


VERBS = (
    Verb("create", "make a new key in a keystore file", _create_arguments, _create),
    Verb(
        "import-keystore",
        "copy the key of a V3 file into our keystores",
        _import_keystore_arguments,
        _import_keystore,
    ),
    Verb(
        "import-keystores",
        "the same for a folder, all or none",
        _import_keystores_arguments,
        _import_keystores,
    ),
    Verb("import-env", "take in WALLET_PRIVATE_KEY_<NAME>", _import_env_arguments, _import_env),
    Verb("phrase", "keep a seed phrase in an encrypted file", _phrase_arguments, _phrase),
    Verb("add-hd", "add a range of a seed phrase's wallets", _add_hd_arguments, _add_hd),
)
