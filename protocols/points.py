"""Named boundaries of looking at contracts; see wallets/transactions/points.py."""

from enum import StrEnum


class ContractPoint(StrEnum):
    """Between what a chain said of a contract and what is written of it."""

    PROVEN = "contract_proven"
    JUDGED = "contract_judged"
