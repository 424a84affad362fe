"""Which steps are free to begin, whatever the graph."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from reconciler.execution.step_order import StepOrder
from reconciler.model.steps import Definition, EnvironmentSpec, Step

_DEFINITION = Definition("train", None, "true", None, "python", "e", (), (), ())
_STEP = Step("", _DEFINITION, EnvironmentSpec("python", None, "e", "python.yaml"), (), (), True, "")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Step, ...]:
    """Steps in an order in which each comes after those that it needs."""
    count = draw(st.integers(1, 12))
    return tuple(
        replace(
            _STEP, name=f"s{number}", after=tuple(f"s{i}" for i in sorted(draw(st.sets(st.integers(0, number - 1)))))
        )
        if number
        else replace(_STEP, name="s0")
        for number in range(count)
    )


@given(graphs(), st.randoms(use_true_random=False))
def test_every_step_begins_once_and_not_before_those_it_needs_have_ended(
    steps: tuple[Step, ...], random: object
) -> None:
    order = StepOrder(steps)
    needs = {step.name: set(step.after) for step in steps}
    begun = [step.name for step in order.first()]
    running, ended = list(begun), set[str]()
    while running:
        name = running.pop(random.randrange(len(running)))  # type: ignore[attr-defined]
        ended.add(name)
        released = [step.name for step in order.released_by(name)]
        assert all(needs[step] <= ended for step in released)
        begun += released
        running += released
    assert sorted(begun) == sorted(needs)


@given(graphs(), st.data())
def test_all_that_follow_from_a_step_are_those_that_need_it_near_or_far(
    steps: tuple[Step, ...], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([step.name for step in steps]))
    tainted = {name}
    for step in steps:
        if tainted & set(step.after):
            tainted.add(step.name)
    found = StepOrder(steps).all_after(name)
    assert sorted(found) == sorted(tainted - {name})
