"""`release`, in real work trees with real remotes."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from reconciler.cli.verb_init import lay_out
from reconciler.shipped import shipped_folder
from tests.source.git_repository import git
from tests.source.user_repository import UserRepository

from .program import Answer, process, reconciler

SPLIT = "components/split/component.yaml"
SCRIPT = "components/split/src/run.py"
PY = "environments/py.yaml"
LENDING = "pipelines/loans.yaml"
COMPONENT = """\
# The split that all pipelines share
type: command
name: split
version: 1.0.0   # raised by releases
inputs:
  text: {type: string}
  seed: {type: integer, default: 1}
outputs:
  out: {type: uri_file}
code: ./src
environment: azureml:py@latest
command: python run.py ${{inputs.text}} ${{inputs.seed}} ${{outputs.out}}
"""
ENVIRONMENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json
name: py
version: 1.0.0
image: python:3.11
"""
PIPELINE = """\
type: pipeline
name: lending
jobs:
  split:
    component: azureml:split@^1.0
    inputs: {text: hello}
"""
FILES = {SPLIT: COMPONENT, SCRIPT: "print(1)\n", PY: ENVIRONMENT, LENDING: PIPELINE}
WITHOUT_SEED = COMPONENT.replace("  seed: {type: integer, default: 1}\n", "").replace(" ${{inputs.seed}}", "")
FIRST_TAGS = ["component/split/v1.0.0", "environment/py/v1.0.0"]


@pytest.fixture(autouse=True)
def user_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("RECONCILER_STATE", str(tmp_path / "state"))


@pytest.fixture
def work(tmp_path: Path) -> UserRepository:
    return made_in(tmp_path)


@pytest.fixture
def tagged(work: UserRepository) -> UserRepository:
    """A work tree whose manifests are all released, here and at its remote."""
    release(work, "--push")
    return work


def made_in(folder: Path, files: dict[str, str] = FILES, object_format: str = "sha1") -> UserRepository:
    work = UserRepository(folder / "work", folder / "remote.git", object_format=object_format)
    work.commit(files, "Split loans")
    work.git("push", "--quiet")
    return work


def release(work: UserRepository, *arguments: str, code: int = 0) -> Answer:
    answer = reconciler("release", *arguments, folder=work.top)
    assert answer.code == code, answer.out + answer.err
    return answer


def everything(work: UserRepository) -> tuple[object, ...]:
    """All that a release may change, here and at the remote."""
    files = {
        str(file.relative_to(work.top)): file.read_bytes()
        for file in work.top.rglob("*")
        if file.is_file() and ".git" not in file.relative_to(work.top).parts
    }
    refs = work.git("for-each-ref"), work.at_remote("for-each-ref")
    return files, work.head(), work.git("ls-files", "--stage"), work.git("status", "--porcelain"), refs


# What it does


def test_what_has_its_version_is_tagged_where_it_is(work: UserRepository) -> None:
    head = work.head()
    answer = release(work, "--push")
    assert answer.table[:2] == [
        {"KIND": "environment", "NAME": "py", "FROM": "-", "TO": "1.0.0", "BUMP": "-"}
        | {"TAG": "environment/py/v1.0.0", "WHY": "the first release"},
        {"KIND": "component", "NAME": "split", "FROM": "-", "TO": "1.0.0", "BUMP": "-"}
        | {"TAG": "component/split/v1.0.0", "WHY": "the first release"},
    ]
    assert answer.out.splitlines()[3:] == [
        f"tagged environment/py/v1.0.0, component/split/v1.0.0 at {head[:12]}",
        "pushed 2 tags to origin",
    ]
    assert work.head() == head
    assert work.at_remote("tag", "--list").split() == FIRST_TAGS
    assert work.at_remote("rev-parse", "component/split/v1.0.0^{commit}") == head
    assert work.at_remote("cat-file", "-t", "component/split/v1.0.0") == "tag"


def test_what_changed_gets_its_version_in_one_commit_with_tags_and_changelogs(tagged: UserRepository) -> None:
    tagged.commit({SCRIPT: "print(2)\n"}, "Print two")
    tagged.commit({PY: ENVIRONMENT.replace("3.11", "3.12")}, "Newer Python")
    before = tagged.commit({SPLIT: COMPONENT.replace("\noutputs", "\n  more: {type: number, optional: true}\noutputs")})
    answer = release(tagged, "--push")
    assert [(row["NAME"], row["FROM"], row["TO"], row["BUMP"]) for row in answer.table[:2]] == [
        ("py", "1.0.0", "2.0.0", "major"),
        ("split", "1.0.0", "1.1.0", "minor"),
    ]
    assert "component split: `version: 1.1.0` is written into components/split/component.yaml" in answer.out
    assert answer.out.splitlines()[-1] == "pushed main and 2 tags to origin"
    assert tagged.git("rev-parse", "HEAD~1") == before
    assert tagged.git("log", "-1", "--format=%B") == (
        "Release environment py 2.0.0, component split 1.1.0\n\n"
        "- environment py 2.0.0 (1.0.0 before)\n- component split 1.1.0 (1.0.0 before)"
    )
    changed = tagged.git("diff", "--unified=0", "HEAD~1", "--", SPLIT).splitlines()[-2:]
    assert changed == ["-version: 1.0.0   # raised by releases", "+version: 1.1.0   # raised by releases"]
    assert tagged.at_remote("rev-parse", "main") == tagged.head()
    message = tagged.at_remote("for-each-ref", "--format=%(contents)", "refs/tags/component/split/v1.1.0")
    first, last = tagged.git("rev-parse", "HEAD~3")[:8], before[:8]
    assert message == (
        "component split 1.1.0\n\nminor: optional input more added\n\n"
        f"- A change ({last}, Ada Lovelace)\n- Print two ({first}, Ada Lovelace)"
    )


@pytest.mark.parametrize("bump", ["auto", "pre"])
def test_after_it_nothing_is_left_to_do_here_and_in_a_new_clone(
    tagged: UserRepository, tmp_path: Path, bump: str
) -> None:
    tagged.commit({SPLIT: WITHOUT_SEED}, "No seed")
    tagged.commit({LENDING: PIPELINE.replace("^1.0", "latest")}, "Follow")
    assert release(tagged, "--push", "--bump", bump).table[0]["TO"] == ("2.0.0" if bump == "auto" else "2.0.0-rc.1")
    git("clone", "--quiet", f"file://{tagged.remote}", str(tmp_path / "clone"))
    for folder in (tagged.top, tmp_path / "clone"):
        assert reconciler("release", "--push", folder=folder).out == "nothing to release\n"
        assert reconciler("validate", "--strict", folder=folder).code == 0
        planned = reconciler("plan", "-o", "json", folder=folder).data
        assert planned["errors"] == []
        assert planned["versions"] == []


def test_nothing_to_release_is_said(tagged: UserRepository) -> None:
    before = everything(tagged)
    assert release(tagged, "--push").out == "nothing to release\n"
    assert release(tagged, "split").out == "nothing to release: component split 1.0.0 is as tagged\n"
    assert release(tagged, "-o", "json").data["releases"] == []
    assert everything(tagged) == before


def test_without_push_it_says_what_to_type(tagged: UserRepository) -> None:
    tagged.commit({SCRIPT: "print(2)\n"})
    last = release(tagged).out.splitlines()[-1]
    assert last == "push it with `git push --atomic origin main tag component/split/v1.0.1`"
    subprocess.run(shlex.split(last.split("`")[1]), cwd=tagged.top, check=True, capture_output=True)
    assert tagged.at_remote("rev-parse", "main") == tagged.head()
    assert "component/split/v1.0.1" in tagged.at_remote("tag", "--list")


def test_a_commit_that_its_branch_does_not_have_at_the_remote_is_told(tagged: UserRepository) -> None:
    tagged.commit({SPLIT: COMPONENT.replace("1.0.0", "1.0.1"), SCRIPT: "print(2)\n"})
    assert release(tagged, "--push").out.splitlines()[-2:] == [
        "pushed 1 tag to origin",
        "the commit itself is on no branch of origin yet: push that too, with `git push`",
    ]


def test_pre_releases_are_counted(tagged: UserRepository) -> None:
    for number in (1, 2):
        tagged.commit({SCRIPT: f"print({number + 1})\n"})
        assert release(tagged, "--bump", "pre", "--push").table[0]["TO"] == f"1.0.1-rc.{number}"
    assert "version: 1.0.1-rc.2   # raised" in (tagged.top / SPLIT).read_text()
    pre_releases = [f"component/split/v1.0.1-rc.{number}" for number in (1, 2)]
    assert tagged.at_remote("tag", "--list", "*-rc*").split() == pre_releases


def test_what_is_named_gets_a_version_if_it_has_none(tagged: UserRepository) -> None:
    answer = release(tagged, "pipeline/lending")
    assert "pipeline lending: `version: 1.0.0` is written into pipelines/loans.yaml" in answer.out
    assert (tagged.top / LENDING).read_text() == PIPELINE.replace("name: lending\n", "name: lending\nversion: 1.0.0\n")
    assert "pipeline/lending/v1.0.0" in tagged.tags()
    assert release(tagged).out == "nothing to release\n"


def test_where_tags_alone_hold_versions_nothing_is_committed(tmp_path: Path) -> None:
    without = {path: text.replace("version: 1.0.0", "description: x") for path, text in FILES.items()}
    work = made_in(tmp_path, {**without, "reconciler.yaml": 'tags: "{name}@v{version}"\n'})
    work.git("tag", "split@v1.2.0")
    head = work.commit({SCRIPT: "print(2)\n"})
    answer = release(work, "--push")
    assert [(row["FROM"], row["TO"], row["TAG"]) for row in answer.table[:1]] == [("1.2.0", "1.2.1", "split@v1.2.1")]
    assert work.head() == head
    assert work.at_remote("tag", "--list").split() == ["split@v1.2.1"]
    assert release(work).out == "nothing to release\n"


def test_line_ends_and_names_of_files_stay_as_they_are(tmp_path: Path) -> None:
    file = "mit Blank/-größer.yaml"
    work = made_in(tmp_path, {**FILES, file: COMPONENT.replace("name: split", "name: other").replace("\n", "\r\n")})
    work.commit({"mit Blank/src/run.py": "1"})
    release(work)
    work.commit({"mit Blank/src/run.py": "2"})
    release(work)
    expected = COMPONENT.replace("name: split", "name: other").replace("version: 1.0.0", "version: 1.0.1")
    assert (work.top / file).read_bytes() == expected.replace("\n", "\r\n").encode()
    assert work.git("status", "--porcelain") == ""


def test_a_work_tree_that_git_gives_other_line_ends_is_edited_as_well(tagged: UserRepository) -> None:
    tagged.git("config", "core.autocrlf", "true")
    (tagged.top / SPLIT).unlink()
    tagged.git("checkout", "--", SPLIT)
    assert b"\r\n" in (tagged.top / SPLIT).read_bytes()
    tagged.commit({SCRIPT: "print(2)\r\n"})
    release(tagged)
    assert (tagged.top / SPLIT).read_bytes() == COMPONENT.replace("1.0.0", "1.0.1").replace("\n", "\r\n").encode()
    assert tagged.git("show", f"HEAD:{SPLIT}") == COMPONENT.replace("1.0.0", "1.0.1").strip()


def test_it_works_from_a_folder_below_the_top_and_from_elsewhere(tagged: UserRepository, tmp_path: Path) -> None:
    assert reconciler("release", folder=tagged.top / "components").out == "nothing to release\n"
    assert reconciler("release", "-C", tagged.top, folder=tmp_path).out == "nothing to release\n"


def test_a_repository_with_longer_ids_is_released_too(tmp_path: Path) -> None:
    work = made_in(tmp_path, object_format="sha256")
    release(work, "--push")
    work.commit({SCRIPT: "print(2)\n"})
    release(work, "--push")
    assert work.at_remote("tag", "--list").split() == [*FIRST_TAGS[:1], "component/split/v1.0.1", *FIRST_TAGS[1:]]


# A dry run, and as data


def test_a_dry_run_shows_it_and_does_nothing(tagged: UserRepository) -> None:
    tagged.commit({SCRIPT: "print(2)\n"})
    before = everything(tagged)
    answer = release(tagged, "--dry-run", "--push")
    assert answer.table[0]["TO"] == "1.0.1"
    assert answer.out.splitlines()[-1] == "dry run: nothing was written, committed or tagged"
    assert everything(tagged) == before


def test_a_dry_run_shows_uncommitted_changes_too_and_says_what_comes_first(tagged: UserRepository) -> None:
    (tagged.top / SCRIPT).write_text("print(2)\n")
    (tagged.top / "components/split/new.yaml").write_text(COMPONENT.replace("name: split", "name: new"))
    answer = release(tagged, "--dry-run")
    assert [row["NAME"] for row in answer.table[:2]] == ["new", "split"]
    assert (
        f"a release has to wait: there are uncommitted changes in `{SCRIPT}`: "
        "commit them, or put them aside with `git stash`"
    ) in answer.out


def test_as_data_it_is_one_document(tagged: UserRepository) -> None:
    tagged.commit({SCRIPT: "print(2)\n"})
    told = release(tagged, "--push", "-o", "json").data
    assert told == {
        "dry_run": False,
        "commit": tagged.head(),
        "pushed": "origin",
        "unclean": None,
        "releases": [
            {
                "kind": "component",
                "name": "split",
                "file": SPLIT,
                "from": "1.0.0",
                "to": "1.0.1",
                "written": True,
                "required": "patch",
                "tag": "component/split/v1.0.1",
                "why": ["other content than 1.0.0"],
                "note": None,
            }
        ],
        "unchanged": [],
        "left_out": [],
        "errors": [],
    }
    assert release(tagged, "split", "-o", "yaml").yaml["unchanged"] == [
        "nothing to release: component split 1.0.1 is as tagged"
    ]


# What it refuses


def test_a_work_tree_with_changes_is_refused(tagged: UserRepository) -> None:
    (tagged.top / SCRIPT).write_text("print(2)\n")
    before = everything(tagged)
    answer = release(tagged, code=1)
    assert f"there are uncommitted changes in `{SCRIPT}`" in answer.err
    assert "git stash" in answer.err
    assert everything(tagged) == before


def test_files_that_git_does_not_track_do_not_count(tagged: UserRepository) -> None:
    (tagged.top / "components/split/src/notes.txt").write_text("mine")
    (tagged.top / "new.yaml").write_text(COMPONENT.replace("name: split", "name: new"))
    assert release(tagged).out == "nothing to release\n"
    answer = release(tagged, "new", code=1)
    assert "name a manifest that is committed" in answer.err


def test_with_errors_in_manifests_nothing_is_released_and_they_are_listed(work: UserRepository) -> None:
    work.commit({LENDING: PIPELINE.replace("split@", "spilt@")})
    before = everything(work)
    answer = release(work, code=1)
    assert answer.out == (
        "pipelines/loans.yaml:5:5: error: there is no component `spilt` [unresolved-reference]\n"
        "     5 |     component: azureml:spilt@^1.0\n"
        "       |     ^\n"
        "       hint: did you mean `split`?\n"
        "refused: 1 error, 0 warnings; nothing is released before that is mended\n"
    )
    told = release(work, "-o", "json", code=1).data
    assert [error["code"] for error in told["errors"]] == ["unresolved-reference"]
    assert everything(work) == before


def test_what_is_named_may_be_among_the_files_with_errors(work: UserRepository) -> None:
    work.commit({SPLIT: COMPONENT + "inputs: [\n"})
    assert "a file with errors does not count: see `reconciler validate`" in release(work, "split", code=1).err


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_a_version_that_cannot_be_written_is_told_before_anything_is_done(
    tagged: UserRepository, arguments: tuple[str, ...]
) -> None:
    anchored = COMPONENT.replace("1.0.0 ", "&version 1.0.0 ") + "tags: {version: *version}\n"
    tagged.commit({SPLIT: anchored, SCRIPT: "print(2)\n"})
    before = everything(tagged)
    assert "write the value out without an anchor" in release(tagged, *arguments, code=1).err
    assert everything(tagged) == before


def test_a_release_that_would_break_a_reference_is_refused(tagged: UserRepository) -> None:
    tagged.commit(
        {SPLIT: WITHOUT_SEED.replace("1.0.0", "1.0.1"), LENDING: PIPELINE.replace("split@^1.0", "split:1.0.1")}
    )
    before = everything(tagged)
    answer = release(tagged, code=1)
    assert answer.table[0]["TO"] == "2.0.0"
    assert "no version of component `split` fits `1.0.1`" in answer.out
    assert answer.out.splitlines()[-1] == (
        "refused: this release would leave 1 error, 0 warnings; "
        "write the version and what refers to it by hand, then release"
    )
    assert everything(tagged) == before


def test_wrong_versions_are_what_it_mends(tagged: UserRepository) -> None:
    tagged.commit({SPLIT: WITHOUT_SEED.replace("1.0.0", "1.0.1"), LENDING: PIPELINE.replace("^1.0", "latest")})
    assert reconciler("plan", folder=tagged.top).code == 1
    assert release(tagged).table[0]["TO"] == "2.0.0"
    assert reconciler("plan", folder=tagged.top).code == 0


def test_where_only_tags_count_the_first_release_mends_the_references(tmp_path: Path) -> None:
    work = made_in(tmp_path, {**FILES, "reconciler.yaml": "registry: tags-only\n"})
    assert reconciler("validate", folder=work.top).code == 1
    release(work, "--push")
    assert reconciler("validate", folder=work.top).code == 0


def test_a_bump_that_is_too_small_is_refused(tagged: UserRepository) -> None:
    tagged.commit({SPLIT: WITHOUT_SEED, LENDING: PIPELINE.replace("^1.0", "latest")})
    answer = release(tagged, "--bump", "patch", code=1)
    assert "`--bump patch` is too small: component split needs a major step (input seed removed)" in answer.err
    assert reconciler("release", "--bump", "huge", folder=tagged.top).code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("spilt",), "did you mean `split`?"),
        (("--remote", "origin"), "add `--push`"),
        (("--push", "--remote", "upstream"), "there is no remote `upstream`"),
        (("-C", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_meant_is_told_before_anything_is_done(
    work: UserRepository, arguments: tuple[str, ...], message: str
) -> None:
    before = everything(work)
    assert message in release(work, *arguments, code=1).err
    assert everything(work) == before


def test_without_a_remote_there_is_nothing_to_push_to(work: UserRepository) -> None:
    work.git("remote", "remove", "origin")
    assert "add one with `git remote add origin URL`" in release(work, "--push", code=1).err
    assert work.tags() == []
    assert release(work).out.splitlines()[-1].startswith("tagged ")


def test_outside_of_git_and_before_the_first_commit_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    assert "there is no work tree of a Git repository" in reconciler("release", folder=tmp_path / "none").err
    git("init", "--quiet", str(tmp_path / "new"))
    assert "commit the manifests first" in reconciler("release", folder=tmp_path / "new").err


def test_in_a_shallow_clone_it_asks_for_the_rest(tagged: UserRepository, tmp_path: Path) -> None:
    tagged.commit({SCRIPT: "print(2)\n"})
    tagged.git("push", "--quiet")
    clone = tmp_path / "clone"
    git("clone", "--quiet", "--depth=1", f"file://{tagged.remote}", str(clone))
    answer = reconciler("release", "--push", folder=clone)
    assert answer.code == 1
    assert "git fetch --unshallow --tags" in answer.err
    git("fetch", "--quiet", "--unshallow", "--tags", folder=clone)
    assert reconciler("release", "--push", folder=clone).table[0]["TO"] == "1.0.1"


def test_on_no_branch_what_needs_no_commit_is_released(work: UserRepository) -> None:
    work.git("switch", "--quiet", "--detach")
    release(work, "--push")
    assert work.at_remote("tag", "--list").split() == FIRST_TAGS
    work.commit({SCRIPT: "print(2)\n"})
    before = everything(work)
    assert "HEAD is detached" in release(work, code=1).err
    assert everything(work) == before


# What goes wrong on the way


def test_a_hook_that_refuses_the_commit_leaves_all_as_it_was(tagged: UserRepository) -> None:
    tagged.commit({SCRIPT: "print(2)\n"})
    tagged.hook("pre-commit", "echo not today >&2; exit 1")
    before = everything(tagged)
    assert "not today" in release(tagged, "--push", code=1).err
    assert everything(tagged) == before


def test_a_tag_that_cannot_be_signed_takes_the_commit_back(tagged: UserRepository) -> None:
    tagged.commit({SCRIPT: "print(2)\n"})
    tagged.git("config", "tag.gpgSign", "true")
    tagged.git("config", "gpg.program", "false")
    before = everything(tagged)
    assert "git did not tag" in release(tagged, "--push", code=1).err
    assert everything(tagged) == before


def test_a_push_that_is_refused_leaves_commit_and_tags_and_says_how_to_push_them(tagged: UserRepository) -> None:
    tagged.commit({SCRIPT: "print(2)\n"})
    at_remote = tagged.at_remote("for-each-ref")
    tagged.hook("pre-receive", "echo closed on Sundays; exit 1", at_remote=True)
    answer = release(tagged, "--push", code=1)
    assert "closed on Sundays" in answer.err
    assert "`git push --atomic origin main tag component/split/v1.0.1`" in answer.err
    assert answer.out.splitlines()[-1].startswith("tagged component/split/v1.0.1 at ")
    assert tagged.at_remote("for-each-ref") == at_remote
    assert "component/split/v1.0.1" in tagged.tags()
    assert release(tagged).out == "nothing to release\n"


def test_as_data_a_refused_push_is_told_too(tagged: UserRepository) -> None:
    tagged.commit({SCRIPT: "print(2)\n"})
    tagged.hook("pre-receive", "exit 1", at_remote=True)
    answer = release(tagged, "--push", "-o", "json", code=1)
    assert (answer.data["commit"], answer.data["pushed"]) == (tagged.head(), None)


def test_a_tag_that_only_the_remote_has_is_not_replaced(work: UserRepository) -> None:
    work.at_remote("tag", "component/split/v1.0.0", "main~1")
    answer = release(work, "--push", code=1)
    assert "the remote has another tag `component/split/v1.0.0` already" in answer.err


# The workflow of the template


def test_the_workflow_of_the_template_releases_what_was_merged(tmp_path: Path) -> None:
    lay_out(tmp_path / "work", tmp_path / "origin.git", rows=300)
    git("push", "--quiet", folder=tmp_path / "work")
    workflow = shipped_folder("repo-template") / ".github" / "workflows" / "release.yml"
    steps = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]["release"]["steps"]
    commands = [step["run"] for step in steps if "run" in step and "pip install" not in step["run"]]
    assert commands[-1].startswith("reconciler ")

    def run(folder: Path) -> str:
        git("clone", "--quiet", f"file://{tmp_path / 'origin.git'}", str(folder))
        for command in commands[:-1]:
            subprocess.run(["sh", "-e", "-c", command], cwd=folder, check=True)
        done = process(*shlex.split(commands[-1])[1:], folder=folder)
        assert done.code == 0, done.out + done.err
        return done.out

    assert "component/split/v1.0.0" in run(tmp_path / "first")
    assert run(tmp_path / "second") == "nothing to release\n"
    code = tmp_path / "work" / "components" / "split" / "src" / "run.py"
    code.write_text(code.read_text() + "\n# merged\n")
    git("commit", "--quiet", "--all", "-m", "Another split", folder=tmp_path / "work")
    git("push", "--quiet", folder=tmp_path / "work")
    assert "pushed main and 1 tag to origin" in run(tmp_path / "third")
    assert run(tmp_path / "fourth") == "nothing to release\n"
    author = git("log", "-1", "--format=%an", "main", folder=tmp_path / "origin.git")
    assert author == "github-actions[bot]"
    planned = process("plan", "-o", "json", folder=tmp_path / "fourth")
    assert json.loads(planned.out)["errors"] == []
