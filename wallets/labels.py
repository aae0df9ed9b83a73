"""What a wallet, a group or a tag may be called."""

import re
import unicodedata

LONGEST = 80
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)
_KEY_MATERIAL = re.compile(r"(0x)?[0-9a-fA-F]{64}|(\b[a-z]{3,8}\b\s*){9,}")
# A spreadsheet would run what begins so when a list of wallets is opened in it.
_FORMULA = ("=", "+", "-", "@", "|", "%")


def refuse_label(label: str) -> str:
    """Why the text is no label; empty if it is one. A key in it is never repeated."""
    if is_key_material(label):
        return "the label looks like a private key or a seed phrase"
    if not label.strip():
        return "the label is empty"
    if len(label) > LONGEST:
        return f"the label is longer than {LONGEST} characters"
    if label != label.strip() or not all(map(_is_plain, label)):
        return f"the label {label!r} has blanks at its ends or characters that do not print"
    if label.startswith(_FORMULA):
        return f"the label {label!r} begins like a formula of a spreadsheet"
    return ""


def refuse_word(word: str) -> str:
    """Why the text is no tag and no group; empty if it is one."""
    if _WORD.fullmatch(word):
        return ""
    shown = "it" if is_key_material(word) else repr(word[:40])
    return f"{shown} is no tag or group: small letters, digits, - and _, at most 40"


def is_key_material(text: str) -> bool:
    """Whether a private key or a seed phrase seems to be in it."""
    return bool(_KEY_MATERIAL.search(text))


def is_only_key_material(text: str) -> bool:
    """Whether it seems to be a private key or a seed phrase and nothing else."""
    return bool(_KEY_MATERIAL.fullmatch(text))


def _is_plain(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] not in "CZ"
