"""The sources of the configuration: every field, and what is refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.configuration.read import read_configuration
from reconciler.model.configuration import Configuration, ConfiguredSource, UpgradeSettings
from reconciler.model.errors import UsageError
from reconciler.model.followed import Access, Fetch, Fetching, Signed, Verification
from reconciler.model.pull_requests import PreviewRules, PullRequestSettings
from reconciler.model.upgrades import UpgradePolicy

from .sources_example import SOURCES

Read = Callable[[str], Configuration]
VARIABLES = {"LOANS_TOKEN": "the-secret", "EMPTY": "", "TWO": "a\nb"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    for name in ("SIGNERS", "KEY", "KNOWN", "KEYS"):
        (tmp_path / name).write_text("")
    return tmp_path / "config.yaml"


@pytest.fixture
def read(file: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads a text as the configuration, in the folder of the files that it names."""
    monkeypatch.chdir(file.parent)

    def read(text: str) -> Configuration:
        file.write_text(text, encoding="utf-8")
        return read_configuration(file, VARIABLES)

    return read


def test_every_field_is_read(read: Read, file: Path) -> None:
    folder = file.parent
    latest = UpgradeSettings(policy=UpgradePolicy.LATEST)
    assert read(SOURCES).sources == (
        ConfiguredSource(
            "loans",
            "https://git.example.org/ml/loans.git",
            "main",
            folder="ml/loans",
            interval=90.0,
            jitter=3.0,
            timeout=10.0,
            deadline=300.0,
            engine="process",
            experiment_prefix="loans/",
            data_roots=("/srv/data", "/srv/more"),
            upgrades=latest,
            access=Access("robot", "the-secret"),
            verification=Verification(Signed.COMMIT, allowed_signers_file=str(folder / "SIGNERS")),
            fetching=Fetching(Fetch.FULL, has_submodules=True, has_large_files=True),
            pull_requests=PullRequestSettings(
                "gitlab",
                "https://gitlab.example.org/api/v4",
                "ml/loans",
                "the-secret",
                "robot",
                str(folder / "KEYS"),
                120.0,
                previews=PreviewRules("reconciler/run", ("ada",), includes_forks=True),
            ),
        ),
        ConfiguredSource(
            "fraud",
            "git@git.example.org:ml/fraud.git",
            "semver:^1.2",
            access=Access(key_file=str(folder / "KEY"), known_hosts_file=str(folder / "KNOWN")),
            verification=Verification(Signed.TAG, gpg_keys_file=str(folder / "KEYS")),
        ),
        ConfiguredSource("live", "/srv/git/live.git", "tag:live"),
        ConfiguredSource("pinned", "file:///srv/git/pinned.git", "commit:1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"),
        ConfiguredSource("light", "https://git.example.org/light.git", fetching=Fetching(Fetch.BLOBLESS)),
        ConfiguredSource("plain", "ssh://git@git.example.org/plain.git"),
    )


def test_upgrades_at_the_top_are_those_of_every_source_that_says_nothing(read: Read) -> None:
    text = "upgrades: {push: false}\nsources: [{name: a, url: /a}, {name: b, url: /b, upgrades: {policy: latest}}]"
    first, second = read(text).sources
    assert first.upgrades == UpgradeSettings(is_pushed=False)
    assert second.upgrades == UpgradeSettings(policy=UpgradePolicy.LATEST)


def test_no_secret_is_shown(read: Read) -> None:
    assert "the-secret" not in repr(read(SOURCES))


ONE = "sources:\n- name: a\n  url: https://git.example.org/a.git\n"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("sources: {a: b}", "1:1", "list"),
        ("sources: [{url: /a}]", "1:11", "name"),
        ("sources: [{name: a}]", "1:11", "url"),
        ("sources: [{name: local, url: /a}]", "1:12", "cannot be named `local`"),
        ("sources: [{name: a/b, url: /a}]", "1:12", "a/b"),
        ("sources: [{name: a, url: /a}, {name: a, url: /b}]", "1:32", "a source `a` already"),
        ("sources: [{name: a, url: 'ext::sh'}]", "1:21", "no address of a Git repository"),
        ("sources: [{name: a, url: /a, brunch: main}]", "1:30", "brunch"),
        (f"{ONE}  tag: v1\n  branch: main\n", "4:3", "`branch` and `tag` exclude each other"),
        (f"{ONE}  semver: ^1.2.x.y\n", "4:3", "^1.2.x.y"),
        (f"{ONE}  commit: 1a2b\n", "4:3", "1a2b"),
        (f"{ONE}  branch: -x\n", "4:3", "-x"),
        (f"{ONE}  branch: 'tag:x'\n", "4:3", "tag:x"),
        (f"{ONE}  path: ../b\n", "4:3", "out of the repository"),
        (f"{ONE}  path: /b\n", "4:3", "out of the repository"),
        (f"{ONE}  interval: 0s\n", "4:3", "no time at all"),
        (f"{ONE}  timeout: soon\n", "4:3", "soon"),
        (f"{ONE}  jitter: -1\n", "4:3", "-1"),
        (f"{ONE}  upgrades: {{branch: main}}\n", "4:14", "which is followed"),
        (f"upgrades: {{branch: live}}\n{ONE}  branch: live\n", "5:3", "which is followed"),
        (f"{ONE}  token: the-secret\n", "4:3", "token"),
        (f"{ONE}  token: {{env: NOT_SET}}\n", "4:3", "`NOT_SET` is not set"),
        (f"{ONE}  token: {{env: EMPTY}}\n", "4:3", "there is nothing"),
        (f"{ONE}  token: {{env: TWO}}\n", "4:3", "a line break"),
        (f"{ONE}  token: {{file: none}}\n", "4:3", "`none` cannot be read"),
        (f"{ONE}  username: robot\n", "4:3", "without a token"),
        (f"{ONE}  ssh: {{key_file: KEY}}\n", "4:3", "of no use for this address"),
        ("sources: [{name: a, url: 'ssh://b/a', ssh: {key_file: none}}]", "1:45", "`none` cannot be read"),
        ("sources: [{name: a, url: 'http://b/a', token: {env: LOANS_TOKEN}}]", "1:40", "over HTTPS alone"),
        ("sources: [{name: a, url: 'https://x@b/a', token: {env: LOANS_TOKEN}}]", "1:43", "credentials of its own"),
        (f"{ONE}  verify: {{}}\n", "4:3", "in one way"),
        (f"{ONE}  verify: {{gpg_keys_file: KEYS, allowed_signers_file: SIGNERS}}\n", "4:3", "in one way"),
        (f"{ONE}  verify: {{mode: tag, gpg_keys_file: KEYS}}\n", "4:12", "no tag is followed"),
        (f"{ONE}  verify: {{mode: both, gpg_keys_file: KEYS}}\n", "4:12", "both"),
        (f"{ONE}  verify: {{gpg_keys_file: none}}\n", "4:12", "`none` cannot be read"),
    ],
)
def test_what_means_nothing_is_refused_where_it_stands(
    read: Read, file: Path, text: str, place: str, message: str
) -> None:
    with pytest.raises(UsageError) as raised:
        read(text)
    assert raised.value.place == f"{file}:{place}"
    assert message in raised.value.message
    assert raised.value.hint or "both" in text
    assert "the-secret" not in str(raised.value)


def test_a_token_for_this_machine_needs_no_https(read: Read) -> None:
    (source,) = read("sources: [{name: a, url: 'http://127.0.0.1:80/a', token: {env: LOANS_TOKEN}}]").sources
    assert source.access.token == "the-secret"


KEYS = st.sampled_from(
    [
        "name",
        "url",
        "branch",
        "tag",
        "semver",
        "commit",
        "path",
        "interval",
        "jitter",
        "timeout",
        "token",
        "ssh",
        "verify",
    ]
)
VALUES = st.one_of(
    st.text(max_size=8),
    st.integers(-5, 5),
    st.none(),
    st.booleans(),
    st.just("/srv/a.git"),
    st.just({"env": "LOANS_TOKEN"}),
    st.lists(st.text(max_size=2), max_size=2),
)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=5), max_size=3))
def test_whatever_is_written_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, sources: list[dict[str, object]]
) -> None:
    file = tmp_path_factory.mktemp("any") / "config.yaml"
    file.write_text(yaml.safe_dump({"sources": sources}), encoding="utf-8")
    try:
        names = [source.name for source in read_configuration(file, VARIABLES).sources]
    except UsageError as error:
        assert error.place
        assert error.place.startswith(f"{file}:")
    else:
        assert len(names) == len(set(names)) == len(sources)
