"""Demands on arguments of bridges: what a network makes constant, and packed bytes."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from wallets.transactions.demands import Check, Facts


class ConstantHere(Check):
    """The whole number that belongs to the network of the call: pairs of chain id and number."""

    fits: ClassVar[str] = "uint"
    check: Literal["constant_here"] = "constant_here"
    values: tuple[tuple[int, int], ...] = Field(min_length=1)

    def complaint(self, value: Any, facts: Facts) -> str:
        """Another number, or a network nobody thought of."""
        network = facts.row.network
        expected = dict(self.values).get(network.chain_id)
        if expected is None:
            return f"what it must be on {network.name} is not known"
        return "" if value == expected else f"it must be {expected} on {network.name}, not {value}"


class SenderInside(Check):
    """Packed bytes of a known form, in which the wallet that signs stands at the form's place.

    A form is what the bytes begin with, in hex, and where the address begins.
    """

    fits: ClassVar[str] = "bytes"
    check: Literal["sender_inside"] = "sender_inside"
    forms: tuple[tuple[str, int], ...] = Field(min_length=1)

    def complaint(self, value: Any, facts: Facts) -> str:
        """Another form, or another address at its place."""
        own = facts.row.lane.wallet.address
        for prefix, place in self.forms:
            if value.startswith(bytes.fromhex(prefix)):
                found = f"0x{value[place : place + 20].hex()}"
                return "" if found == own.lower() else f"{found} is not the sending wallet {own}"
        return f"0x{value[:4].hex()} begins no form that is known"
