"""Random graphs of tasks, workers and crashes: each due time once, in order, within its limits.

AIRDROPS_SCHEDULING_EXAMPLES says how many; each has wallets, tasks and times of its own.
"""

import os
import random
from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.dispatch import dispatch_due
from scheduling.models import Run, Task
from scheduling.runs import advance_runs
from tests.scheduling import worlds
from tests.scheduling.tasks import payer, paying, turn
from tests.scheduling.worlds import Order, World
from wallets.models import Transition

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.postgresql,
    pytest.mark.usefixtures("errands"),
]
EXAMPLES = int(os.environ.get("AIRDROPS_SCHEDULING_EXAMPLES", "6"))
WORLD = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_names = count()

orders = st.builds(
    Order,
    action=st.sampled_from(["pay", "sleep"]),
    priority=st.sampled_from([-10, 0, 10, 20]),
    misfire=st.sampled_from(["skip", "once", "all"]),
    late_hours=st.integers(0, 4),
    max_running=st.none() | st.integers(1, 2),
    needs=st.sets(st.integers(0, 3), max_size=2),
    condition=st.sampled_from(["succeeded", "completed"]),
)
made_worlds = st.builds(
    World,
    orders=st.lists(orders, min_size=2, max_size=4),
    wallets=st.integers(1, 3),
    workers=st.integers(1, 4),
    most_running=st.none() | st.integers(1, 3),
    seed=st.integers(0, 2**32),
)


@WORLD
@given(made_worlds)
def test_every_due_time_is_once_and_in_order_whatever_crashes(world: World) -> None:
    made = worlds.make(world, f"w{next(_names)}")
    worlds.work(world)
    worlds.rest()
    worlds.require_each_due_time_once(made)
    worlds.require_runs_begun_once(made)
    worlds.require_order_of_needs(made)
    worlds.require_places_kept(made, world.most_running)
    worlds.forget(made)


# Never a whole hour: the due times of a task would meet on their way.
jumps = st.integers(-100, 100).map(lambda minutes: timedelta(minutes=minutes, seconds=7))


@WORLD
@given(made_worlds, st.lists(jumps, min_size=1, max_size=2))
def test_a_clock_that_jumps_doubles_no_due_time_and_misses_none(
    world: World, clock: list[timedelta]
) -> None:
    made = worlds.make(world, f"w{next(_names)}")
    worlds.work(world)
    for one in clock:
        worlds.rest()
        worlds.jump(one)
        worlds.work(world)
    worlds.rest()
    worlds.require_each_due_time_whatever_the_clock(made, clock)
    worlds.require_runs_begun_once(made)
    worlds.forget(made)


@WORLD
@given(st.lists(st.sampled_from([-10, 0, 10, 20]), min_size=2, max_size=8), st.randoms())
def test_runs_begin_by_priority_then_due_time(priorities: list[int], chance: random.Random) -> None:
    wallet, now = payer(f"p{next(_names)}"), timezone.now()
    for priority in priorities:
        due = now - timedelta(seconds=chance.randrange(200))
        paying(wallet, name=f"p{next(_names)}", priority=priority, starts_at=due)
    dispatch_due()
    advance_runs()
    begun = Transition.objects.filter(subject="run", to_state="running").order_by("pk")
    runs = Run.objects.select_related("occurrence").in_bulk(
        begun.values_list("subject_id", flat=True)
    )
    mine = [runs[one.subject_id] for one in begun if runs[one.subject_id].wallet == wallet]
    keys = [(-run.priority, run.occurrence.due_at, run.pk) for run in mine]
    assert keys == sorted(keys)
    assert len(keys) == len(priorities)
    turn()
    Task.objects.update(enabled=False)
    Run.objects.update(wake_at=None, state="cancelled")
