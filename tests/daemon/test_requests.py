"""How the command line asks a daemon, and gets its answer."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from reconciler.daemon.requests import Answer, Request, Requests
from reconciler.model.asked_runs import AskedRun


def test_a_request_is_pending_until_it_is_answered(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    name = requests.ask()
    assert Requests(tmp_path).pending() == [Request(name)]
    requests.answer(name, True, "main@sha1:0")
    assert requests.pending() == []


def test_requests_are_taken_in_the_order_in_which_they_were_asked(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    asked = [requests.ask() for _ in range(20)]
    assert requests.pending() == [Request(name) for name in asked]
    assert len(set(asked)) == 20


def test_the_answer_comes_to_the_one_who_waits_for_it(tmp_path: Path) -> None:
    asking, answering = Requests(tmp_path), Requests(tmp_path)
    first, second = asking.ask(), asking.ask()
    threading.Timer(0.05, answering.answer, (second, False, "no – nein – いいえ")).start()
    assert asking.wait(second, 5) == Answer(False, "no – nein – いいえ")
    assert asking.pending() == [Request(first)]


def test_an_answer_is_read_once_and_leaves_nothing(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    name = requests.ask()
    requests.answer(name, True, "done")
    assert requests.wait(name, 1) == Answer(True, "done")
    assert list(tmp_path.iterdir()) == []


def test_who_stops_waiting_takes_the_request_back(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    assert requests.wait(requests.ask(), 0.05) is None
    assert requests.pending() == []


def test_an_answer_that_nobody_waits_for_any_more_leaves_nothing(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    name = requests.ask()
    assert requests.wait(name, 0.01) is None
    requests.answer(name, True, "too late")
    assert list(tmp_path.iterdir()) == []


def test_other_files_in_the_folder_mean_nothing(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "half.tmp").touch()
    assert Requests(tmp_path).pending() == []


def test_a_request_may_name_a_run_to_be_ended(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    name = requests.ask(cancel="lending-1")
    assert requests.pending() == [Request(name, "lending-1")]


def test_a_request_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "0.asked").write_text("half a")
    assert Requests(tmp_path).pending() == []


def test_a_request_may_ask_for_a_run_and_is_told_which_it_became(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    asked = AskedRun("lending", "ada@lab", (("seed", "7"),), is_forced=True, is_overriding=True)
    name = requests.ask(run=asked, source="main")
    assert requests.pending() == [Request(name, run=replace(asked, request=name), source="main")]
    requests.answer(name, True, "started lending@run-1", "lending@run-1")
    assert requests.wait(name, 1) == Answer(True, "started lending@run-1", "lending@run-1")


def test_a_request_may_bring_news_of_the_state(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    name = requests.ask(news="resume")
    assert requests.pending() == [Request(name, news="resume")]


def test_a_run_that_cannot_be_read_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "0.asked").write_text('{"run": {"pipeline": "lending"}}')
    (tmp_path / "1.asked").write_text("[]")
    assert Requests(tmp_path).pending() == []
