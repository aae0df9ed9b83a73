"""The files of a new protocol, put in place whole or not at all."""

import keyword
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from django.utils import timezone

from protocols.registry import adapters

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
# Those of one line, of this program and of the new package.
_IMPORT = re.compile(r"from (protocols|tests|wallets|airdrops_\w+)\.[\w.]+ import [^(]+\n")
_REGISTRY = "protocols/registry.py"
_OURS = re.compile(r"(^OWN = \([A-Z0-9_,\s]*[A-Z0-9_])(,?\s*\))", re.MULTILINE)


class NotWritten(Exception):
    """One sentence; nothing was written."""


@dataclass(frozen=True, slots=True)
class NewProtocol:
    """What the new one is called, everywhere."""

    slug: str
    package: str

    @property
    def title(self) -> str:
        """For people."""
        return self.slug.replace("-", " ").title()

    @property
    def constant(self) -> str:
        """Its name in the registry."""
        return self.slug.replace("-", "_").upper()


def named(slug: str, *, as_plugin: bool) -> NewProtocol:
    """The new protocol, or NotWritten where it cannot be called so."""
    module = slug.replace("-", "_")
    if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST or keyword.iskeyword(module):
        raise NotWritten(
            f"{slug!r} is no name for a protocol; write lower-case words with hyphens, like "
            "harbour-lend"
        )
    if slug in adapters():
        raise NotWritten(f"there is a protocol {slug} already; choose another name")
    return NewProtocol(slug, f"airdrops_{module}" if as_plugin else f"protocols.{module}")


def write_plugin(slug: str, folder: Path) -> list[Path]:
    """A package of its own in `folder`, to be installed beside this program."""
    new = named(slug, as_plugin=True)
    wanted = {
        "pyproject.toml": "pyproject.toml",
        f"{new.package}/__init__.py": "",
        f"{new.package}/adapter.py": "adapter.py",
        f"{new.package}/abi/vault.json": "vault.json",
        f"{new.package}/deployments.toml": "deployments.toml",
        "conftest.py": "conftest.py",
        "checks/test_adapter.py": "test_adapter.py",
        "README.md": "page.md",
    }
    return _put(folder, _filled(new, wanted))


def write_inside(slug: str, root: Path) -> list[Path]:
    """A protocol of this repository, with its line in the registry."""
    new = named(slug, as_plugin=False)
    name = new.package.removeprefix("protocols.")
    wanted = {
        f"protocols/{name}/__init__.py": "",
        f"protocols/{name}/adapter.py": "adapter.py",
        f"protocols/{name}/abi/vault.json": "vault.json",
        f"protocols/{name}/deployments.toml": "deployments.toml",
        f"tests/protocols/{name}/__init__.py": "",
        f"tests/protocols/{name}/test_adapter.py": "test_adapter.py",
        f"docs/protocols/{name}.md": "page.md",
    }
    registry = root / _REGISTRY
    changed = _registered(registry.read_text(encoding="utf-8"), new)
    written = _put(root, _filled(new, wanted))
    _replace(registry, changed)
    return [*written, registry]


def _filled(new: NewProtocol, wanted: Mapping[str, str]) -> dict[str, str]:
    values = {
        "slug": new.slug,
        "title": new.title,
        "package": new.package,
        "today": timezone.now().date().isoformat(),
    }
    folder = files("airdrops_site.startprotocol") / "template"
    return {
        path: _sorted_imports(
            Template((folder / f"{name}-tpl").read_text(encoding="utf-8")).substitute(values)
        )
        if name
        else ""
        for path, name in wanted.items()
    }


def _sorted_imports(text: str) -> str:
    """Where the package's own import belongs among the others depends on its name."""
    lines = text.splitlines(keepends=True)
    places = [place for place, one in enumerate(lines) if _IMPORT.fullmatch(one)]
    in_order = sorted((lines[place] for place in places), key=lambda one: one.split()[1])
    for place, line in zip(places, in_order, strict=True):
        lines[place] = line
    return "".join(lines)


def _put(root: Path, texts: Mapping[str, str]) -> list[Path]:
    """Every file, none of which was there before; what was made is taken away if one fails."""
    paths = {root / path: text for path, text in texts.items()}
    if there := [path for path in paths if path.exists()]:
        raise NotWritten(f"{there[0]} is there already; nothing was written")
    made: list[Path] = []
    try:
        for path, text in paths.items():
            made += _make_folders(path.parent)
            made.append(path)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        for path in reversed(made):
            _take_away(path)
        raise NotWritten(
            f"{error.filename} cannot be written: {error.strerror}; nothing was"
        ) from error
    return list(paths)


def _make_folders(folder: Path) -> list[Path]:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _take_away(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _registered(text: str, new: NewProtocol) -> str:
    """The registry's source with the new adapter in its place among the others."""
    line = f"from {new.package}.adapter import ADAPTER as {new.constant}"
    lines = text.splitlines()
    later = [
        place
        for place, one in enumerate(lines)
        if one.startswith("from ") and one > line and not one.startswith("from collections")
    ]
    changed, count = _OURS.subn(rf"\1, {new.constant}\2", "\n".join(lines))
    if count != 1 or not later:
        raise NotWritten(
            f"{_REGISTRY} is not as it was when this was written; add the adapter there yourself"
        )
    lines = changed.splitlines()
    lines.insert(later[0], line)
    return "\n".join(lines) + "\n"


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
    ) as beside:
        beside.write(text)
    Path(beside.name).chmod(path.stat().st_mode)
    Path(beside.name).replace(path)
