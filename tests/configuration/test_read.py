"""The operator's configuration: every field, what is fetched for it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.configuration.read import read_configuration
from reconciler.model.configuration import (
    Allowance,
    BuildSecret,
    BuildSettings,
    Configuration,
    DataSettings,
    DockerSettings,
    LogSettings,
    RegistryLogin,
    StepSettings,
    TrackingWay,
    UpgradeSettings,
)
from reconciler.model.errors import UsageError
from reconciler.model.resources import Resources
from reconciler.model.schedules import Cron, Trigger
from reconciler.model.upgrades import UpgradePolicy
from reconciler.model.upkeep import Retention, Upkeep
from reconciler.model.windows import Window
from reconciler.shipped import shipped_folder
from tests.manifests.repository import place

from .http_example import HTTP
from .receivers_example import RECEIVERS
from .sources_example import SOURCES

Read = Callable[..., Configuration]

WHOLE = """\
docker:
  host: tcp://builder:2375
  patience: 30
  push: registry.example.org/ml/
  build:
    arguments:
      PIP_INDEX_URL: {env: PIP_INDEX_URL}
      RETRIES: 3
    secrets:
      netrc: {file: /etc/netrc, target: /root/.netrc}
      token: {env: INDEX_TOKEN}
    network: host
    backend: classic
    timeout: 60
    micromamba: registry.example.org/micromamba:2
  registries:
    registry.example.org:
      username: robot
      password: {file: TOKEN_FILE}
  steps:
    user: 1000:100
    memory: 8Gi
    cpus: 1.5
    shm_size: 512m
    processes: 100
    tmp_size: 2g
    variables:
      HTTPS_PROXY: {env: PROXY}
      STAGE: test
    allow:
      memory: 64Gi
      cpus: 16
      shm_size: 8Gi
      gpus: 2
      networks: [bridge, data]
  tracking:
    network: mlflow
    uri: http://mlflow:5000
  paths: {/var/lib/reconciler: /srv/state}
log: {format: json, level: warning}
drain: 10m
data:
  urls: ["https://data.example.org/*", "s3://loans/raw/*"]
  max_size: 4Gi
  timeout: 10
upgrades:
  branch: bot/upgrades
  policy: latest
  push: false
  author: The Bot <bot@example.org>
  retry: 60
drift_interval: 5m
verify_interval: 12h
self_heal: false
max_prune: 0.25
retention:
  cache_bytes: 200GB
  cache_age: 30d
  runs: 500
  logs_age: 2w
windows:
- {deny: 0 9 * * 1-5, duration: 8h, time_zone: Europe/Berlin, sources: [main], pipelines: [lending*]}
- {allow: 0 22 * * *, duration: 90m}
"""
VARIABLES = {"PIP_INDEX_URL": "https://pypi.example.org/simple", "PROXY": "http://proxy:3128", "OTHER": "unused"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


@pytest.fixture
def read(file: Path) -> Read:
    """Reads a text as the configuration."""

    def read(text: str, variables: Mapping[str, str] = VARIABLES) -> Configuration:
        file.write_text(text, encoding="utf-8")
        return read_configuration(file, variables)

    return read


def test_without_a_file_the_defaults_hold() -> None:
    assert read_configuration(None, {"DOCKER_HOST": "tcp://elsewhere:2375"}) == Configuration("", DockerSettings())


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "{}", "docker: {}", "docker: {build: {}, steps: {}}"])
def test_a_file_that_sets_nothing_leaves_the_defaults(read: Read, file: Path, text: str) -> None:
    assert read(text) == Configuration(str(file), DockerSettings())


def test_every_field_is_read(read: Read, file: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    assert read(WHOLE.replace("TOKEN_FILE", str(token))) == Configuration(
        str(file),
        DockerSettings(
            host="tcp://builder:2375",
            build=BuildSettings(
                arguments={"PIP_INDEX_URL": "https://pypi.example.org/simple", "RETRIES": "3"},
                secrets=(
                    BuildSecret("netrc", file="/etc/netrc", target="/root/.netrc"),
                    BuildSecret("token", variable="INDEX_TOKEN"),
                ),
                network="host",
                backend="classic",
                timeout_seconds=60.0,
                micromamba="registry.example.org/micromamba:2",
            ),
            steps=StepSettings(
                user="1000:100",
                defaults=Resources(memory=8 << 30, cpus=1.5, shared_memory=512 << 20),
                allowed=Allowance(64 << 30, 16, 8 << 30, 2, frozenset({"bridge", "data"})),
                processes=100,
                temporary=2 << 30,
                variables={"HTTPS_PROXY": "http://proxy:3128", "STAGE": "test"},
            ),
            tracking=TrackingWay("mlflow", "http://mlflow:5000"),
            registries={"registry.example.org": RegistryLogin("robot", "s3cret")},
            push="registry.example.org/ml",
            patience_seconds=30.0,
            paths={"/var/lib/reconciler": "/srv/state"},
        ),
        DataSettings(("https://data.example.org/*", "s3://loans/raw/*"), 4 << 30, 10.0),
        UpgradeSettings("bot/upgrades", UpgradePolicy.LATEST, False, ("The Bot", "bot@example.org"), 60.0),
        Upkeep(300.0, 43_200.0, False, 0.25, Retention(200 << 30, 2_592_000.0, 500, 1_209_600.0)),
        windows=(
            Window(True, Trigger(Cron("0 9 * * 1-5"), "Europe/Berlin"), 28_800.0, ("main",), ("lending*",)),
            Window(False, Trigger(Cron("0 22 * * *")), 5400.0),
        ),
        log=LogSettings("json", "warning"),
        drain_seconds=600.0,
    )


def test_upgrades_are_made_with_the_defaults_where_nothing_is_said_of_them(read: Read) -> None:
    assert read("upgrades: {}").upgrades == UpgradeSettings()


@pytest.mark.parametrize(
    "upgrades",
    ["{branch: ../main}", "{branch: a..b}", "{branch: -x}", "{policy: major}", "{author: bot}", "{author: '<a@b>'}"],
)
def test_upgrades_that_could_not_be_committed_are_refused(read: Read, file: Path, upgrades: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(f"upgrades: {upgrades}")
    assert raised.value.place == f"{file}:1:12"
    assert raised.value.hint


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("drift_interval: soon", 1),
        ("verify_interval: -1", 1),
        ("max_prune: 2", 1),
        ("self_heal: 1", 1),
        ("retention: {cache_age: 1y}", 13),
        ("retention: {cache_bytes: many}", 13),
        ("retention: {runs: 0}", 13),
    ],
)
def test_upkeep_that_means_nothing_is_refused_where_it_stands(read: Read, file: Path, text: str, column: int) -> None:
    with pytest.raises(UsageError) as raised:
        read(text)
    assert raised.value.place == f"{file}:1:{column}"
    assert raised.value.hint


def keys_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_in(inner)


def properties_in(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, inner in schema.items():
            if key == "properties":
                yield from inner
            yield from properties_in(inner)


def test_the_whole_example_leaves_no_field_of_the_schema_out() -> None:
    schema: dict[str, Any] = json.loads((shipped_folder("schemas") / "configuration.schema.json").read_text())
    whole = [yaml.safe_load(each) for each in (WHOLE, SOURCES, RECEIVERS, HTTP)]
    assert set(properties_in(schema)) - set(keys_in(whole)) == set()


def test_the_secret_of_a_build_is_not_fetched_before_a_build_needs_it(read: Read) -> None:
    read("docker: {build: {secrets: {a: {file: /there/is/none}, b: {env: NOT_SET}}}}")


@pytest.fixture(scope="module")
def taking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration that takes a value from a variable."""
    file = tmp_path_factory.mktemp("configuration") / "config.yaml"
    file.write_text("docker: {steps: {variables: {A: {env: SOURCE}}}}")
    return file


@settings(deadline=None)
@given(value=st.text())
def test_what_a_variable_holds_is_taken_as_it_is(taking: Path, value: str) -> None:
    assert read_configuration(taking, {"SOURCE": value}).docker.steps.variables == {"A": value}


@pytest.mark.parametrize("content", ["a: b\n", "a: b", "a: b\r\n", " a\n b "])
def test_what_a_file_holds_is_taken_without_the_last_line_break(read: Read, tmp_path: Path, content: str) -> None:
    (tmp_path / "value").write_text(content, newline="")
    said = read(f"docker: {{build: {{arguments: {{A: {{file: {tmp_path}/value}}}}}}}}")
    assert said.docker.build.arguments == {"A": content.removesuffix("\n").removesuffix("\r")}


def test_all_that_was_fetched_is_known_as_secret_and_not_shown_with_the_rest(read: Read, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret-token\n")
    configuration = read(WHOLE.replace("TOKEN_FILE", str(tmp_path / "token")))
    assert set(configuration.secrets) == {"https://pypi.example.org/simple", "http://proxy:3128", "s3cret-token"}
    assert "s3cret-token" not in repr(configuration)


@pytest.mark.parametrize(
    "text",
    [
        *("log: {format: xml}", "log: {level: loud}", "log: json", "drain: soon", "drain: -1"),
        *("docker: {paths: {var: /srv}}", "docker: {paths: {/var: srv}}", "docker: {paths: [/var]}"),
    ],
)
def test_a_service_that_cannot_be_so_is_refused_at_its_place(read: Read, file: Path, text: str) -> None:
    with pytest.raises(UsageError) as raised:
        read(text)
    assert (raised.value.place or "").startswith(f"{file}:1:")
    assert raised.value.hint


def test_a_password_is_not_shown_with_the_rest(read: Read, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret")
    sources = ["s3cret", "{env: TOKEN}", f"{{file: {tmp_path}/token}}"]
    logins = ", ".join(f"host{number}: {{username: ada, password: {source}}}" for number, source in enumerate(sources))
    said = read(f"docker: {{registries: {{{logins}}}}}", {"TOKEN": "s3cret"})
    assert [login.password for login in said.docker.registries.values()] == ["s3cret"] * 3
    assert "s3cret" not in repr(said)
    assert "ada" in repr(said)


@pytest.mark.parametrize(
    ("text", "where", "message", "hint"),
    [
        ("dokcer: {}", "1:1", "`dokcer` is not known here", "did you mean `docker`?"),
        ("docker:\n  hots: x", "2:3", "`hots` is not known here", "did you mean `host`?"),
        ("docker:\n  steps:\n    memroy: 4Gi", "3:5", "`memroy` is not known here", "did you mean `memory`?"),
        ("docker:\n  zzz: 1", "2:3", "`zzz` is not known here", "known here: `host`, "),
        ("docker:\n  steps:\n    allow: {gpu: 1}", "3:13", "`gpu` is not known here", "did you mean `gpus`?"),
        ("docker:\n  host: 3", "2:3", "`docker.host` must be text, not 3", "for example "),
        ("docker: text", "1:1", "`docker` must be a mapping", "for example "),
        ("docker:\n", "1:1", "`docker` must be a mapping, not null", "for example "),
        ("- docker", "1:1", "the document must be a mapping", "for example "),
        ("docker:\n  steps:\n    cpus: many", "3:5", "`docker.steps.cpus` must be a number", "for example 2"),
        ("docker:\n  steps: {cpus: 0}", "2:11", "`docker.steps.cpus` must be more than 0", "for example 2"),
        ("docker:\n  steps: {processes: 3}", "2:11", "must be at least 16, not 3", "for example 4096"),
        ("docker:\n  steps: {allow: {networks: bridge}}", "2:19", "must be a list", "for example "),
        ("docker:\n  patience: -1", "2:3", "`docker.patience` must be at least 0", "for example 300"),
        ("docker:\n  build: {backend: buildkt}", "2:11", "not supported", "did you mean `buildkit`?"),
        ("docker:\n  build: {arguments: {1A: x}}", "2:23", '"1A" is not a name', "letters"),
        ("docker:\n  build: {arguments: {A: {}}}", "2:23", "`docker.build.arguments.A`", "correct the value"),
        ("docker:\n  build: {secrets: {a: {}}}", "2:21", "`docker.build.secrets.a`", "correct the value"),
        ("docker:\n  build: {secrets: {a: {file: x, env: y}}}", "2:21", "`docker.build.secrets.a`", "correct"),
        ("docker:\n  registries: {a: {username: x}}", "2:16", "`password` is missing", "add `password: "),
        ("docker:\n  tracking: {uri: http://x}", "2:3", "`network` is missing", 'add `network: "mlflow"`'),
        ("docker:\n  host: a\n  host: b", "3:3", "the key 'host' stands twice", "remove one"),
        ("docker: [", "1:10", "this is not YAML", "brackets"),
        ("docker:\n\thost: a", "2:1", "this is not YAML", "indent with blanks"),
    ],
)
def test_what_is_wrong_is_refused_at_its_place_with_a_hint(
    read: Read, file: Path, text: str, where: str, message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert caught.value.place == f"{file}:{where}"
    assert message in caught.value.message
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize("pointer", ["memory", "shm_size", "tmp_size", "allow: {memory", "allow: {shm_size"])
@pytest.mark.parametrize("size", ["4X", "'4 G i'", "[]", "1.5"])
def test_a_size_that_is_none_is_refused_at_its_place(read: Read, file: Path, pointer: str, size: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(f"docker:\n  steps:\n    {pointer}: {size}{'}' * pointer.count('{')}")
    assert caught.value.place == f"{file}:3:{13 if '{' in pointer else 5}"
    assert caught.value.hint


@pytest.mark.parametrize("size", ["0", "-5", "0Gi", f"{'9' * 400}Gi"])
def test_a_size_of_nothing_or_beyond_all_memory_is_refused_at_its_place(read: Read, file: Path, size: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(f"docker:\n  steps:\n    memory: {size}")
    assert caught.value.place == f"{file}:3:5"
    assert caught.value.hint


def test_a_second_document_is_refused_rather_than_ignored(read: Read) -> None:
    with pytest.raises(UsageError):
        read("docker: {host: a}\n---\ndocker: {host: b}\n")


def at(file: Path, marked: str) -> str:
    """The place of a part of the whole example."""
    line, column = place(WHOLE, marked)
    return f"{file}:{line}:{column}"


def test_a_variable_that_is_not_set_is_named_where_it_is_asked_for(read: Read, file: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(WHOLE, {"PIP_INDEX_URL": "x"})
    assert caught.value.place == at(file, "HTTPS_PROXY:")
    assert caught.value.message == "the variable `PROXY` is not set"
    assert caught.value.hint == "set it for the daemon, or mend `env:`"


def test_a_file_that_is_not_there_is_named_where_it_is_asked_for(read: Read, file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read(WHOLE.replace("TOKEN_FILE", f"{tmp_path}/token"))
    assert caught.value.place == at(file, "password:")
    assert caught.value.message == f"`{tmp_path}/token` cannot be read: No such file or directory"
    assert caught.value.hint == "write the value there, or mend `file:`"


def test_a_file_that_holds_no_text_is_refused(read: Read, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UsageError, match="cannot be read"):
        read(WHOLE.replace("TOKEN_FILE", f"{tmp_path}/token"))


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_configuration_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="the configuration cannot be read") as caught:
        read_configuration(tmp_path / name, {})
    assert caught.value.place == str(tmp_path / name)
    assert caught.value.hint == "name another file with --config"
