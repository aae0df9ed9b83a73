"""What a seed draws: a run's script before it begins, and what happens to each request by number.

Nothing is drawn from one stream by things whose number depends on timing, so that the same seed
always means the same.
"""

import threading
from dataclasses import dataclass, field
from random import Random

from wallets.transactions.points import Point

ACTS = ("reorganise", "drop_pool", "spike", "cancel", "speed_up", "use_key", "stop", "nothing")
DEEPEST = 8
MOST_WALLETS = 3
MOST_INTENTS = 6
MOST_WAYS = 2
TURNS = (4, 10)
BASE_FEES = (20, 100, 400)
# A paused lane bumps nothing: what is under way there waits until the highest of these base fees
# has faded (an eighth a block: some 55 blocks from 400 gwei), and is final a dozen later.
QUIET_TURNS = 120
# A round passes some ten boundaries for each lane.
MOST_PASSES = 60


@dataclass(frozen=True, slots=True)
class Turn:
    """A round: what the world does in it, and where the worker is to die."""

    act: str
    depth: int
    gwei: int
    # Which of the run's wallets or transactions: how far along the list of them.
    which: float
    key_is_used: bool
    point: Point | None
    passes: int
    mines: bool
    gives_up: bool


@dataclass(frozen=True, slots=True)
class Script:
    """All that a run does by itself."""

    ways: int
    # For each wallet how many intents it has, and whether its key is elsewhere.
    intents: tuple[int, ...]
    remote: tuple[bool, ...]
    turns: tuple[Turn, ...]
    # Whether the signer's time is over, in each of the quiet rounds at the end.
    gives_up: tuple[bool, ...]


def draw_script(seed: int) -> Script:
    """The seed's script."""
    random = Random(f"{seed}:script")
    wallets = range(random.randint(1, MOST_WALLETS))
    return Script(
        ways=random.randint(1, MOST_WAYS),
        intents=tuple(random.randint(1, MOST_INTENTS) for _ in wallets),
        remote=tuple(random.random() < 0.3 for _ in wallets),
        turns=tuple(_draw_turn(random) for _ in range(random.randint(*TURNS))),
        gives_up=tuple(random.random() < 0.2 for _ in range(QUIET_TURNS)),
    )


def _draw_turn(random: Random) -> Turn:
    anywhere = random.random() < 0.4
    return Turn(
        act=random.choice(ACTS),
        depth=random.randint(1, DEEPEST),
        gwei=random.choice(BASE_FEES),
        which=random.random(),
        key_is_used=random.random() < 0.3,
        point=None if anywhere else random.choice(list(Point)),
        passes=random.randrange(MOST_PASSES) if anywhere else random.choice((0, 0, 1, 2)),
        mines=random.random() < 0.7,
        gives_up=random.random() < 0.2,
    )


@dataclass(slots=True)
class Dice:
    """A Random for each request, by the round and its number in it: one more moves no other's."""

    name: str
    round: int = 0
    thrown: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, number: int) -> None:
        """Count a round's requests from the first."""
        with self.lock:
            self.round, self.thrown = number, 0

    def throw(self) -> Random:
        """For the next request."""
        with self.lock:
            self.thrown += 1
            return self.at(self.round, self.thrown)

    def at(self, number: int, request: int) -> Random:
        """For this request of this round."""
        return Random(f"{self.name}:{number}:{request}")
