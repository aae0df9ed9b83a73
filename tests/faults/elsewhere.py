"""What goes wrong in other transaction managers, and which tests of ours keep it out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A defect and its tests, as `tests/…/test_x.py::test_name`."""

    defect: str
    seen_in: str
    tests: tuple[str, ...]

    def as_markdown(self) -> str:
        """A row of the page's table."""
        names = "<br>".join(f"`{test}`" for test in self.tests)
        return f"| {self.defect} | {self.seen_in} | {names} |"


ROWS: tuple[Row, ...] = ()
