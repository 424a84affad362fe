"""A daemon that listens: webhooks that start runs, what it tells, and what operators have it do."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from reconciler.model.http import Forge
from reconciler.model.runs import Run
from reconciler.state.folder import StateFolder
from reconciler.state.store import State
from tests.cli.program import reconciler
from tests.daemon.daemon_process import DaemonProcess, runs, to_its_end, until
from tests.daemon.origin import Origin, pipeline

from .fake_forge import SECRET, push
from .listening import Listening, address, configuration, listening
from .serving import OPERATOR, VIEWER, asking

GREET = "greet.yaml"
SLOW = pipeline("sleep 30", name="slow").replace("jobs:", "suspended: true\njobs:")
FILES: dict[str, str | None] = {GREET: pipeline("true", "echo second"), "slow.yaml": SLOW}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    with listening(tmp_path_factory.mktemp("listening"), FILES) as daemon:
        until(lambda: [run.status for run in runs(daemon.state)] == ["succeeded"])
        yield daemon


def delivered(running: Listening, forge: Forge = Forge.GITHUB, ref: str = "refs/heads/main") -> httpx.Response:
    delivery = push(forge, ref)
    return running.anybody.post("/hooks/main", headers=delivery.headers, content=delivery.body)


def newest(running: Listening, pipeline: str = "greet") -> Run:
    return [run for run in runs(running.state) if run.pipeline == pipeline][-1]


def started(state: Path, run_id: str) -> float | None:
    """When the first step of a run began."""
    opened = State(StateFolder(state))
    try:
        return min((step.started for step in opened.runs.steps(run_id) if step.started is not None), default=None)
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("path", "verb"),
    [
        ("sources", ["get", "sources"]),
        ("resources", ["get"]),
        ("resources?kind=pipelines", ["get", "pipelines"]),
        ("sources/main", ["describe", "source", "main"]),
        ("resources/pipeline/greet", ["describe", "pipeline", "greet"]),
        ("runs", ["runs"]),
        ("runs?pipeline=greet&limit=1", ["runs", "greet", "--limit", "1"]),
        ("events?kind=pipeline&name=greet", ["events", "pipeline", "greet"]),
        ("models", ["models"]),
    ],
)
def test_it_tells_what_the_command_line_does(running: Listening, path: str, verb: list[str]) -> None:
    told = running.viewer.get(f"/api/v1/{path}")
    assert told.status_code == 200, told.text
    assert told.json() == reconciler(*verb, "--state", running.state, "-o", "json").data


def test_a_run_is_told_as_the_command_line_tells_it(running: Listening) -> None:
    [told] = reconciler("runs", "greet-1", "--state", running.state, "-o", "json").data
    assert running.viewer.get("/api/v1/runs/greet-1").json() == told


def test_the_plan_is_that_with_which_the_revision_was_taken_up(running: Listening) -> None:
    told = running.viewer.get("/api/v1/plans/main").json()
    assert told["source"] == "main"
    assert [each["name"] for each in told["pipelines"]] == ["greet", "slow"]
    assert running.viewer.get("/api/v1/plans").json()[0]["source"] == "main"


@pytest.mark.parametrize(
    ("path", "status", "hint"),
    [
        ("runs/gret-1", 404, "did you mean `greet-1`?"),
        ("resources/pipeline/gret", 404, "did you mean `greet`?"),
        ("resources/pipline/greet", 404, "did you mean `pipeline`?"),
        ("sources/nobody", 404, None),
        ("plans/nobody", 404, None),
        ("models/nobody", 404, None),
        ("events?since=yesterday", 422, None),
        ("runs?limit=0", 422, None),
        ("runs?limit=many", 422, None),
        ("events/stream?kind=nothing", 404, None),
        ("events/stream?after=99999999999999999999", 422, None),
        ("runs/%00", 404, None),
        ("resources/pipeline/%ff%0a", 404, None),
    ],
)
def test_what_cannot_be_told_is_refused_with_a_hint(
    running: Listening, path: str, status: int, hint: str | None
) -> None:
    answered = running.viewer.get(f"/api/v1/{path}")
    assert answered.status_code == status
    assert answered.headers["content-type"] == "application/problem+json"
    told = answered.json()
    assert told["detail"] and told["hint"]
    assert hint in (None, told["hint"])


def test_a_push_starts_a_run_through_its_webhook_at_once(
    running: Listening, capsys: pytest.CaptureFixture[str]
) -> None:
    times, triggers = [], []
    for number in range(5):
        running.origin.push({GREET: pipeline(f"echo {number} > /dev/null")})
        pushed, before = time.time(), newest(running).id
        assert delivered(running).json() == {"result": "looking", "source": "main"}
        first = _first_step_after(running, before)
        triggers.append(newest(running).trigger)
        times.append(first - pushed)
        until(lambda: newest(running).status == "succeeded")
    with capsys.disabled():
        print(f"\npush → webhook → first step: {sorted(round(each, 3) for each in times)} s")  # noqa: T201
    assert min(times) < 5.0
    assert triggers.count("webhook github push") >= 4  # a look that was due anyway may come first


def test_a_push_to_another_branch_starts_nothing(running: Listening) -> None:
    before = len(runs(running.state))
    assert delivered(running, ref="refs/heads/topic").json()["result"] == "ignored"
    assert len(runs(running.state)) == before


def test_a_wrong_signature_starts_nothing_and_shows_no_secret(running: Listening) -> None:
    delivery = push(Forge.GITHUB, secret="a wrong secret")
    answered = running.anybody.post("/hooks/main", headers=delivery.headers, content=delivery.body)
    assert answered.status_code == 401
    for secret in (SECRET, OPERATOR.secret, VIEWER.secret):
        assert secret not in answered.text
        assert secret not in running.daemon.said


def test_an_operator_has_a_source_looked_at(running: Listening) -> None:
    answered = running.operator.post("/api/v1/reconcile/main")
    applied = running.viewer.get("/api/v1/sources").json()[0]["revision"]
    assert (answered.status_code, answered.json()) == (200, {"source": "main", "message": applied})
    missing = running.operator.post("/api/v1/reconcile/mian")
    assert (missing.status_code, missing.json()["hint"]) == (404, "did you mean `main`?")


def test_an_operator_runs_a_pipeline_once(running: Listening) -> None:
    nothing = running.operator.post("/api/v1/run/greet").json()
    assert nothing["run"] is None
    assert "nothing to do" in nothing["message"]
    begun = running.operator.post("/api/v1/run/greet", json={"force": True})
    assert begun.status_code == 200
    run = newest(running)
    assert (begun.json()["run"], run.trigger) == (run.id, "run by ada over HTTP")
    until(lambda: newest(running).status == "succeeded")
    missing = running.operator.post("/api/v1/run/gret")
    assert (missing.status_code, missing.json()["hint"]) == (404, "did you mean `greet`?")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("run/greet", {"forced": True}),
        ("run/greet", {"force": "perhaps"}),
        ("run/greet", []),
        ("reconcile/main", {"drift": 7}),
        ("suspend/pipeline/greet", {"reason": "x" * 501}),
    ],
)
def test_what_is_not_understood_does_nothing(running: Listening, path: str, body: object) -> None:
    answered = running.operator.post(f"/api/v1/{path}", json=body)
    assert (answered.status_code, answered.headers["content-type"]) == (422, "application/problem+json")
    assert answered.json()["errors"]


def test_an_input_that_does_not_exist_is_refused_by_the_daemon(running: Listening) -> None:
    answered = running.operator.post("/api/v1/run/greet", json={"inputs": {"nothing": 1}})
    assert answered.status_code == 409
    assert "nothing" in answered.json()["detail"]


def test_an_operator_holds_a_pipeline_still_and_lets_go_of_it(running: Listening) -> None:
    held = running.operator.post("/api/v1/suspend/pipeline/greet", json={"reason": "an audit"}).json()
    [resource] = held["resources"]
    assert held["message"].startswith("pipeline greet: suspended by ada over HTTP since 20")
    assert (held["ok"], held["warnings"], resource["suspended"]) == (True, [], True)
    assert (resource["suspension"]["by"], resource["suspension"]["reason"]) == ("ada over HTTP", "an audit")
    refused = running.operator.post("/api/v1/run/greet", json={"force": True})
    assert refused.status_code == 409
    assert "an audit" in refused.json()["detail"]
    freed = running.operator.post("/api/v1/resume/pipeline/greet").json()
    assert [each["suspended"] for each in freed["resources"]] == [False]


def test_what_its_manifest_holds_still_stays_so(running: Listening) -> None:
    told = running.operator.post("/api/v1/resume/pipeline/slow").json()
    assert told["warnings"] == ["pipeline slow stays suspended: take `suspended: true` out of its manifest"]
    assert told["ok"] is False


@pytest.mark.parametrize(
    ("path", "status"),
    [("suspend/pipeline/gret", 404), ("suspend/environment/greet", 409), ("resume/nothing/greet", 404)],
)
def test_what_cannot_be_held_still_is_refused(running: Listening, path: str, status: int) -> None:
    answered = running.operator.post(f"/api/v1/{path}")
    assert answered.status_code == status
    assert answered.json()["hint"]


def test_an_operator_ends_a_run(running: Listening) -> None:
    begun = running.operator.post("/api/v1/run/slow", json={"override": True}).json()["run"]
    until(lambda: started(running.state, begun))
    assert running.operator.post(f"/api/v1/runs/{begun}/cancel").json()["run"] == begun
    until(lambda: newest(running, "slow").status == "cancelled")
    again = running.operator.post(f"/api/v1/runs/{begun}/cancel")
    assert (again.status_code, again.json()["detail"]) == (409, f"{begun} is over already: cancelled")
    assert running.operator.post("/api/v1/runs/slow-99/cancel").status_code == 404


def test_a_body_that_is_too_long_is_refused_by_the_api_too(running: Listening) -> None:
    where = running.operator.base_url
    told = f"Host: {where.host}\r\nAuthorization: Bearer {OPERATOR.secret}\r\nContent-Length: 1048577"
    with socket.create_connection((where.host, where.port or 0), timeout=60) as connection:
        connection.sendall(f"POST /api/v1/run/greet HTTP/1.1\r\n{told}\r\n\r\n".encode())
        answered = connection.recv(65_536)
    assert answered.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answered


def test_a_stream_tells_of_a_run_as_it_starts(running: Listening) -> None:
    with running.viewer.stream("GET", "/api/v1/events/stream", params={"kind": "pipeline"}) as told:
        assert told.headers["content-type"].startswith("text/event-stream")
        lines = told.iter_lines()
        assert next(lines).startswith("retry:")
        begun = running.operator.post("/api/v1/run/greet", json={"force": True}).json()["run"]
        seen = _until_reason(lines, "RunStarted")
        assert (seen["kind"], seen["run"]) == ("pipeline", begun)
        assert _until_reason(lines, "RunSucceeded")["run"] == begun


def test_a_stream_that_broke_off_goes_on_where_it_was(running: Listening) -> None:
    with running.viewer.stream("GET", "/api/v1/events/stream?after=0") as told:
        lines = told.iter_lines()
        ids = [next(line for line in lines if line.startswith("id:")) for _ in range(2)]
    first, second = (int(line.removeprefix("id: ")) for line in ids)
    with running.viewer.stream("GET", "/api/v1/events/stream", headers={"Last-Event-ID": str(first)}) as told:
        again = next(line for line in told.iter_lines() if line.startswith("id:"))
    assert int(again.removeprefix("id: ")) == second


def test_streams_that_nobody_listens_to_make_room(running: Listening) -> None:
    for _ in range(40):  # more than may listen at once
        with running.viewer.stream("GET", "/api/v1/events/stream") as told:
            if told.status_code == 503:
                assert told.headers["retry-after"]
                time.sleep(0.5)
                continue
            assert told.status_code == 200
    until(lambda: _status_of_stream(running) == 200)


def test_metrics_are_what_prometheus_reads(running: Listening) -> None:
    until(lambda: ("reconciler_runs_total", (("pipeline", "greet"), ("status", "succeeded"))) in _metrics(running))
    until(lambda: ("reconciler_cache_bytes", ()) in _metrics(running))
    told = _metrics(running)
    assert told["reconciler_resource_condition", _labels(source="main", kind="source", name="main", type="Ready")] == 1
    assert (
        told["reconciler_resource_condition", _labels(source="main", kind="source", name="main", type="Stalled")] == 0
    )
    assert told["reconciler_reconcile_duration_seconds_count", _labels(source="main")] > 0
    assert told["reconciler_queue_depth", _labels(source="main")] == 0
    assert told["reconciler_step_seconds_count", _labels(result="run")] > 0
    assert told["reconciler_suspended", _labels(source="main")] == 1
    assert any(name == "reconciler_build_info" for name, _ in told)


def test_secrets_are_neither_printed_nor_logged(running: Listening) -> None:
    for secret in (SECRET, OPERATOR.secret, VIEWER.secret):
        assert secret not in running.daemon.said
    assert "Traceback" not in running.daemon.said


def test_a_stream_does_not_keep_the_daemon_from_ending(tmp_path: Path) -> None:
    with listening(tmp_path, {GREET: pipeline("true")}) as daemon:
        is_told, is_over = threading.Event(), threading.Event()

        def listen() -> None:
            with daemon.viewer.stream("GET", "/api/v1/events/stream") as told:
                for _ in told.iter_lines():
                    is_told.set()
            is_over.set()

        threading.Thread(target=listen, daemon=True).start()
        assert is_told.wait(60)
        began = time.monotonic()
        assert daemon.daemon.end().code == 0
        assert time.monotonic() - began < 30
        assert is_over.wait(60)


def test_what_is_configured_anew_counts_without_a_restart(tmp_path: Path) -> None:
    origin, state = Origin(tmp_path / "git"), tmp_path / "state"
    origin.push({GREET: pipeline("true")})
    sources = [{"name": "main", "url": str(origin.url)}]
    tokens = [{"name": "ada", "role": "operator", "secret": {"file": "ada.token"}}]
    http = {"listen": f"unix:{tmp_path}/http.sock"}
    path = configuration(tmp_path, {"sources": sources, "http": http})
    with DaemonProcess(None, state, "--config", str(path)) as daemon, asking(address(daemon), OPERATOR) as operator:
        until(lambda: operator.get("/readyz").status_code == 200)
        assert operator.post("/api/v1/reconcile/main").status_code == 403
        configuration(tmp_path, {"sources": sources, "http": {**http, "tokens": tokens}})
        daemon.tell(signal.SIGHUP)
        until(lambda: operator.post("/api/v1/reconcile/main").status_code == 200)
        assert daemon.end().code == 0
    assert not (tmp_path / "http.sock").exists()


def test_a_second_daemon_takes_nothing_from_the_first(tmp_path: Path) -> None:
    origin, state = Origin(tmp_path / "git"), tmp_path / "state"
    origin.push({GREET: pipeline("true")})
    options = ("--listen", f"unix:{tmp_path}/http.sock")
    with DaemonProcess(origin.url, state, *options) as daemon, asking(address(daemon)) as anybody:
        until(lambda: anybody.get("/readyz").status_code == 200)
        assert to_its_end(origin.url, state, *options).code == 1
        assert anybody.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("listen", "said"),
    [
        ("0.0.0.0:0", "error: 0.0.0.0:0: other machines could reach this without a token"),
        ("nowhere", "error: --listen: `nowhere` is no address"),
        ("unix:relative", "error: --listen: `unix:relative` names no file by its whole path"),
    ],
)
def test_where_it_must_not_or_cannot_listen_is_said(tmp_path: Path, listen: str, said: str) -> None:
    ended = to_its_end(tmp_path / "origin.git", tmp_path / "state", "--listen", listen)
    assert ended.code == 1
    assert said in ended.said
    assert "hint: " in ended.said
    assert "Traceback" not in ended.said


def _first_step_after(running: Listening, before: str) -> float:
    """When the first step began of the run that comes after this one."""
    until(lambda: newest(running).id != before and started(running.state, newest(running).id))
    began = started(running.state, newest(running).id)
    assert began is not None
    return began


def _until_reason(lines: Iterator[str], reason: str) -> dict[str, object]:
    for line in lines:
        if line.startswith("data: "):
            event: dict[str, object] = json.loads(line.removeprefix("data: "))
            if event["reason"] == reason:
                return event
    raise AssertionError(f"the stream ended before {reason}")


def _status_of_stream(running: Listening) -> int:
    with running.viewer.stream("GET", "/api/v1/events/stream") as told:
        return told.status_code


def _labels(**labels: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


def _metrics(running: Listening) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """All samples; each name has a type and a help, and is written as Prometheus wants it."""
    told = running.viewer.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain; version=")
    families = list(text_string_to_metric_families(told.text))
    assert len({family.name for family in families}) == len(families)
    for family in families:
        assert family.documentation
        assert family.type != "unknown"
        assert re.fullmatch(r"reconciler_[a-z_]+", family.name)
    return {(each.name, _labels(**each.labels)): each.value for family in families for each in family.samples}
