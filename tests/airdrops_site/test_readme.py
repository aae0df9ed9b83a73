"""The README leads to every page there is."""

from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def test_it_lists_every_page_of_docs() -> None:
    readme = (ROOT / "README.md").read_text()
    pages = sorted(page.name for page in (ROOT / "docs").glob("*.md"))
    assert [page for page in pages if f"docs/{page}" not in readme] == []
