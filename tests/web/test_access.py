"""Who may look and who may act."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.http import HttpSettings, Listen, Role, Token

from .serving import ANYWHERE, OPERATOR, VIEWER, Serving, asking, serving

READS = ["sources", "resources", "runs", "events", "plans", "models"]
NAMED = [
    "sources/main",
    "resources/pipeline/greet",
    "resources/pipeline/greet/history",
    "runs/greet-1",
    "runs/greet-1/description",
    "tree/greet",
    "trace?target=greet",
    "plans/main",
    "models/credit",
    "logs/greet",
    "logs/greet/stream",
]
ACTS = [
    "reconcile/main",
    "runs/greet-1/cancel",
    "suspend/pipeline/greet",
    "resume/pipeline/greet",
    "run/greet",
    "rollback/pipeline/greet",
    "unpin/any/greet",
]
STRANGER = Token("nobody", Role.OPERATOR, "a secret that nobody gave out")


@pytest.mark.parametrize("path", [*READS, *NAMED, "events/stream"])
def test_whoever_looks_needs_a_token(served: Serving, path: str) -> None:
    for somebody in (None, STRANGER):
        answered = served.by(somebody).get(f"/api/v1/{path}")
        assert answered.status_code == 401
        assert answered.headers["www-authenticate"] == "Bearer"
        assert "http.tokens" in answered.json()["hint"]


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("token", [VIEWER, OPERATOR])
def test_viewers_and_operators_look(served: Serving, path: str, token: Token) -> None:
    answered = served.by(token).get(f"/api/v1/{path}")
    assert (answered.status_code, answered.json()) == (200, [])


@pytest.mark.parametrize("path", NAMED)
@pytest.mark.parametrize("token", [VIEWER, OPERATOR])
def test_what_is_not_there_is_refused_to_both_with_a_hint(served: Serving, path: str, token: Token) -> None:
    answered = served.by(token).get(f"/api/v1/{path}")
    assert (answered.status_code, bool(answered.json()["hint"])) == (404, True)


def test_no_route_is_without_its_guard(served: Serving) -> None:
    described = served.anybody.get("/api/v1/openapi.json").json()["paths"]
    guarded = {path.removeprefix("/api/v1/").partition("?")[0].split("/")[0] for path in [*READS, *NAMED, *ACTS]}
    assert {path.split("/")[3] for path in described if path.startswith("/api/v1/")} == guarded


@pytest.mark.parametrize("path", ACTS)
def test_only_operators_act(served: Serving, path: str) -> None:
    assert served.anybody.post(f"/api/v1/{path}").status_code == 401
    assert served.by(STRANGER).post(f"/api/v1/{path}").status_code == 401
    refused = served.by(VIEWER).post(f"/api/v1/{path}")
    assert (refused.status_code, refused.json()["detail"]) == (403, "grafana is a viewer, and may only look")


@pytest.mark.parametrize("header", ["Basic YWRhOmFkYQ==", "Bearer", f"Token {OPERATOR.secret}"])
def test_another_kind_of_credentials_is_none(served: Serving, header: str) -> None:
    assert served.anybody.get("/api/v1/runs", headers={"Authorization": header}).status_code == 401


def test_metrics_name_things_and_need_a_token_too(served: Serving) -> None:
    assert served.anybody.get("/metrics").status_code == 401
    assert served.by(VIEWER).get("/metrics").status_code == 200


def test_health_needs_none(served: Serving) -> None:
    assert served.anybody.get("/healthz").status_code == 200
    assert served.anybody.get("/readyz").status_code in (200, 503)


def test_without_tokens_this_machine_may_look_and_nobody_may_act(tmp_path: Path) -> None:
    with serving(tmp_path / "state", HttpSettings(ANYWHERE)) as served:
        assert [served.anybody.get(f"/api/v1/{path}").status_code for path in READS] == [200] * len(READS)
        assert served.anybody.get("/metrics").status_code == 200
        for path in ACTS:
            refused = served.anybody.post(f"/api/v1/{path}")
            assert refused.status_code == 403
            assert "role: operator" in refused.json()["hint"]


def test_without_tokens_no_other_name_leads_here(tmp_path: Path) -> None:
    """Which a page of another site would use from within a browser."""
    with serving(tmp_path / "state", HttpSettings(ANYWHERE)) as served:
        for name, status in (("evil.example.org", 403), ("localhost:1234", 200), ("[::1]", 200)):
            assert served.anybody.get("/api/v1/runs", headers={"Host": name}).status_code == status


def test_a_unix_socket_is_read_without_a_token(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with serving(tmp_path / "state", HttpSettings(Listen(path=str(path)))) as served:
        assert served.address == f"unix:{path}"
        assert served.anybody.get("/api/v1/runs").json() == []
        assert path.stat().st_mode & 0o777 == 0o660
    assert not path.exists()


def test_other_tokens_count_from_when_they_are_configured(tmp_path: Path) -> None:
    with serving(tmp_path / "state", HttpSettings(ANYWHERE, (VIEWER,))) as served:
        assert served.by(OPERATOR).get("/api/v1/runs").status_code == 401
        served.server.settle(HttpSettings(Listen("127.0.0.1", 9), (OPERATOR,)))
        assert served.by(OPERATOR).get("/api/v1/runs").status_code == 200
        assert asking(served.address, VIEWER).get("/api/v1/runs").status_code == 401
