"""What a container may take of the machine: the operator's defaults, and more only where the operator allows it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.engines.container import User, step_user
from reconciler.engines.limits import Limits, limits_of
from reconciler.model.configuration import Allowance, StepSettings
from reconciler.model.errors import EngineError
from reconciler.model.resources import Resources

GIB = 1 << 30
MACHINE = {"MemTotal": 16 * GIB, "NCPU": 8}
GENEROUS = StepSettings(
    allowed=Allowance(
        memory=12 * GIB, cpus=16.0, shared_memory=20 * GIB, gpus=2, networks=frozenset({"warehouse", "lake"})
    )
)


def _limits(settings: StepSettings | None = None, **asked: Any) -> Limits:
    return limits_of(Resources(**asked), settings or StepSettings(), MACHINE, "train")


def _refusal(settings: StepSettings | None = None, **asked: Any) -> EngineError:
    with pytest.raises(EngineError) as refused:
        _limits(settings, **asked)
    return refused.value


def _defaults(**defaults: Any) -> StepSettings:
    return StepSettings(defaults=Resources(**defaults))


class TestDefaults:
    def test_a_step_that_asks_for_nothing_gets_half_of_the_memory_and_all_processors(self) -> None:
        assert _limits() == Limits(memory=8 * GIB, cpus=8.0, shared_memory=GIB, gpus=0, network="")

    def test_the_operator_may_set_others(self) -> None:
        assert _limits(_defaults(memory=2 * GIB, cpus=1.5, shared_memory=GIB // 4)) == Limits(2 * GIB, 1.5, GIB // 4)

    def test_shared_memory_is_never_more_than_the_memory_where_nobody_asked_for_it(self) -> None:
        assert _limits(memory=GIB // 2).shared_memory == GIB // 2
        assert _limits(_defaults(memory=GIB // 4, shared_memory=GIB)).shared_memory == GIB // 4

    def test_nobody_gets_a_gpu_or_a_network_unasked(self) -> None:
        limits = _limits(GENEROUS)
        assert (limits.gpus, limits.network) == (0, "")


class TestAsking:
    def test_a_step_may_ask_for_less(self) -> None:
        limits = _limits(memory=GIB, cpus=0.5, shared_memory=GIB // 8)
        assert limits == Limits(GIB, 0.5, GIB // 8)

    def test_a_step_may_ask_for_exactly_what_it_would_get(self) -> None:
        assert _limits(memory=8 * GIB, cpus=8.0, shared_memory=GIB) == _limits()

    @pytest.mark.parametrize(
        ("asked", "said", "key"),
        [
            ({"memory": 9 * GIB}, "9 GiB of memory, allowed here: 8 GiB", "memory"),
            ({"cpus": 8.5}, "8.5 processors, allowed here: 8", "cpus"),
            ({"shared_memory": 9 * GIB}, "9 GiB of shared memory, allowed here: 8 GiB", "shm_size"),
            ({"gpus": 1}, "1 GPUs, allowed here: 0", "gpus"),
            ({"network": "warehouse"}, "the network `warehouse`, allowed here: none", "networks"),
        ],
    )
    def test_more_is_refused_with_the_key_by_which_the_operator_could_allow_it(
        self, asked: dict[str, Any], said: str, key: str
    ) -> None:
        error = _refusal(**asked)
        assert error.message == f"the step asks for {said}"
        assert error.place == "train"
        assert error.hint is not None
        assert f"`docker.steps.allow.{key}`" in error.hint

    def test_more_is_given_where_the_operator_allows_it(self) -> None:
        asked = {"memory": 12 * GIB, "shared_memory": 20 * GIB, "gpus": 2, "network": "lake"}
        assert _limits(GENEROUS, **asked) == Limits(12 * GIB, 8.0, 20 * GIB, 2, "lake")

    @pytest.mark.parametrize(
        ("asked", "allowed"),
        [
            ({"memory": 13 * GIB}, "12 GiB"),
            ({"cpus": 17.0}, "16"),
            ({"shared_memory": 21 * GIB}, "20 GiB"),
            ({"gpus": 3}, "2"),
            ({"network": "host"}, "lake, warehouse"),
        ],
    )
    def test_more_than_is_allowed_is_refused_with_what_is(self, asked: dict[str, Any], allowed: str) -> None:
        assert _refusal(GENEROUS, **asked).message.endswith(f"allowed here: {allowed}")

    def test_what_the_operator_gives_to_all_may_be_asked_for(self) -> None:
        assert _limits(_defaults(memory=12 * GIB, cpus=4.0), memory=12 * GIB, cpus=4.0).memory == 12 * GIB
        assert _refusal(_defaults(cpus=4.0), cpus=5.0).message.endswith("allowed here: 4")

    @pytest.mark.parametrize("network", [None, "none"])
    def test_no_network_needs_nobody_to_allow_it(self, network: str | None) -> None:
        assert _limits(network=network).network == ""

    def test_nobody_gets_more_processors_than_there_are(self) -> None:
        """An engine refuses to start a container that asks for more than its machine has."""
        assert _limits(GENEROUS, cpus=16.0).cpus == 8.0
        assert _limits(_defaults(cpus=99.0)).cpus == 8.0


_SIZES = st.none() | st.integers(1, 32 * GIB)
_PROCESSORS = st.none() | st.floats(0.1, 64.0)
_RESOURCES = st.builds(Resources, memory=_SIZES, cpus=_PROCESSORS, shared_memory=_SIZES, gpus=st.integers(0, 3))


@given(
    asked=_RESOURCES,
    defaults=st.builds(Resources, memory=_SIZES, cpus=_PROCESSORS, shared_memory=_SIZES),
    allowed=st.builds(Allowance, memory=_SIZES, cpus=_PROCESSORS, shared_memory=_SIZES, gpus=st.integers(0, 3)),
)
def test_whatever_is_asked_for_nobody_gets_more_than_the_defaults_and_what_is_allowed(
    asked: Resources, defaults: Resources, allowed: Allowance
) -> None:
    settings = StepSettings(defaults=defaults, allowed=allowed)
    try:
        limits = limits_of(asked, settings, MACHINE, "train")
    except EngineError:
        return
    assert limits.memory <= max(defaults.memory or 8 * GIB, allowed.memory or 0)
    assert limits.cpus <= min(8.0, max(defaults.cpus or 8.0, allowed.cpus or 0.0))
    assert limits.shared_memory <= max(limits.memory, allowed.shared_memory or 0)
    assert limits.gpus <= allowed.gpus


@given(defaults=st.builds(Resources, memory=_SIZES, cpus=_PROCESSORS, shared_memory=_SIZES))
def test_a_step_that_asks_for_nothing_is_never_refused(defaults: Resources) -> None:
    limits = limits_of(Resources(), StepSettings(defaults=defaults), MACHINE, "train")
    assert limits.memory == (defaults.memory or 8 * GIB)


class TestUser:
    def test_it_is_the_one_of_the_configuration(self) -> None:
        assert step_user(StepSettings(user="1000:50"), MACHINE) == User(1000, 50)
        assert step_user(StepSettings(user="1000:50"), {"SecurityOptions": ["name=rootless"]}) == User(1000, 50)

    def test_on_an_engine_without_the_powers_of_root_it_is_root_which_is_the_daemons_user_outside(self) -> None:
        assert step_user(StepSettings(), {"SecurityOptions": ["name=seccomp", "name=rootless"]}) == User(0, 0)

    @pytest.mark.parametrize("engine", [{}, {"SecurityOptions": None}, {"SecurityOptions": ["name=seccomp"]}])
    def test_it_is_the_daemons_own_and_nobody_where_that_is_root(self, engine: dict[str, Any]) -> None:
        ours = User(65534, 65534) if os.geteuid() == 0 else User(os.geteuid(), os.getegid())
        assert step_user(StepSettings(), engine) == ours

    def test_it_is_written_as_docker_reads_it(self) -> None:
        assert str(User(1000, 50)) == "1000:50"
