"""Which revisions wait for the run under way, as a rule about the line of those that do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.pipelines import OnNewRevision
from reconciler.model.waiting_revisions import WaitingRevision
from reconciler.planning.waiting_revisions import MOST_WAITING, Line, joined, older, overtaken, told

_CLOSURES = st.sampled_from(["a", "b", "c"])
QUEUE, FINISH = OnNewRevision.QUEUE, OnNewRevision.FINISH


def _revision(closure: str, number: int = 0) -> WaitingRevision:
    return WaitingRevision("main", "p", f"main@sha1:{number:040x}", f"{number:040x}", closure, "push", float(number))


def _revisions(closures: list[str]) -> list[WaitingRevision]:
    return [_revision(closure, number) for number, closure in enumerate(closures, start=1)]


def _line(closures: list[str], policy: OnNewRevision, under_way: str) -> Line:
    """The line after these have come one after the other; `skipped` is of all times."""
    line = Line(())
    for each in _revisions(closures):
        then = joined(line.waiting, each, under_way, policy)
        line = Line(then.waiting, (*line.skipped, *then.skipped))
    return line


@given(closures=st.lists(_CLOSURES, max_size=60), under_way=_CLOSURES)
def test_in_a_queue_each_differs_from_the_one_before_it(closures: list[str], under_way: str) -> None:
    line = _line(closures, QUEUE, under_way)
    runs = [*(each.waiting.closure for each in line.skipped), *(each.closure for each in line.waiting)]
    wanted = [now for before, now in zip([under_way, *closures], closures, strict=False) if before != now]
    assert runs == wanted


@given(closures=st.lists(_CLOSURES, max_size=60), under_way=_CLOSURES)
def test_a_queue_has_an_end_and_the_newest_is_in_it(closures: list[str], under_way: str) -> None:
    line = _line(closures, QUEUE, under_way)
    assert len(line.waiting) <= MOST_WAITING
    assert all(each.is_loss for each in line.skipped)
    last = line.waiting[-1].closure if line.waiting else under_way
    assert not closures or closures[-1] == last


@given(closures=st.lists(_CLOSURES, max_size=20), under_way=_CLOSURES)
def test_else_the_newest_waits_alone_where_it_differs_from_what_runs(closures: list[str], under_way: str) -> None:
    line = _line(closures, FINISH, under_way)
    assert len(line.waiting) <= 1
    last = line.waiting[-1].closure if line.waiting else under_way
    assert not closures or closures[-1] == last
    assert not any(each.is_loss for each in line.skipped)


@given(closures=st.lists(_CLOSURES, max_size=20), under_way=_CLOSURES, policy=st.sampled_from(OnNewRevision))
def test_nobody_is_lost_without_a_word(closures: list[str], under_way: str, policy: OnNewRevision) -> None:
    seen = joined(_revisions(closures), _revision("d", 99), under_way, policy)
    told_of = [*(each.waiting for each in seen.skipped), *seen.waiting]
    assert sorted(told_of, key=lambda each: each.revision) == [*_revisions(closures), _revision("d", 99)]


def test_what_waits_before_the_newest_is_older() -> None:
    line = _revisions(["a", "b"])
    assert older(line, "b") == tuple(line[:1])
    assert older(line, "c") == tuple(line)
    assert older([], "c") == ()


def test_who_waited_for_just_what_runs_is_not_skipped() -> None:
    line = overtaken(_revisions(["a", "b"]), "b", "main@sha1:2")
    assert [(each.waiting.closure, each.why) for each in line.skipped] == [
        ("a", "main@sha1:2 came before it could start")
    ]


def test_it_is_told_how_many_wait_and_who_is_first() -> None:
    assert told([]) == ""
    assert told(_revisions(["a"])) == "1 revision waits: main@sha1:0000000000"
    many = told(_revisions(["a", "b"] * (MOST_WAITING // 2)))
    assert many.startswith(f"{MOST_WAITING} revisions wait, the most there can be: main@sha1:")
    assert many.endswith(" and 17 more")
