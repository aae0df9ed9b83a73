"""Texts in cells of a CSV that no spreadsheet takes for a formula, and back without loss.

A text that begins like a formula gets an apostrophe in front; so does one that begins with an
apostrophe, which makes the way back exact. Numbers are no texts and stay as they are.
"""

_DANGEROUS = tuple("=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20")


def harmless(text: str) -> str:
    """As it is written into a cell."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def as_meant(cell: str) -> str:
    """What `harmless` made it from."""
    return cell[1:] if cell.startswith("'") else cell
