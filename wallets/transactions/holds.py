"""What keeps a transaction from being signed now, and not for ever."""

from wallets.transactions.states import HoldReason


class Held(Exception):
    """Not now; the reason and the sentence go on the transaction."""

    def __init__(self, why: HoldReason, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why
        self.sentence = sentence
