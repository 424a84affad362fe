"""Signatures of commits and tags: whose count, and what is said of the others."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.model.errors import SourceError
from reconciler.model.followed import Signed, Verification
from reconciler.source.mirror import Mirror

TAGGED = Signed.TAG


def _run(*command: str, folder: Path | None = None, **variables: str) -> str:
    env = {**os.environ, **variables}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@dataclass(frozen=True)
class Signer:
    """Somebody with a key; `options` are those with which git signs."""

    options: tuple[str, ...]
    public: Path


@dataclass(frozen=True)
class Work:
    """A work tree that is followed as it is."""

    path: Path

    def git(self, *arguments: str) -> str:
        return _run("git", *arguments, folder=self.path)

    def commit(self, signer: Signer | None = None) -> str:
        options, sign = (signer.options, ["-S"]) if signer else ((), ["--no-gpg-sign"])
        self.git(*options, "commit", "-q", "--allow-empty", *sign, "-m", "a change")
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str, signer: Signer) -> None:
        self.git(*signer.options, "tag", "--sign", "--message", "a release", name)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    _run("git", "init", "-q", "-b", "main", str(tmp_path / "work"))
    return Work(tmp_path / "work")


def _with_ssh(folder: Path, name: str) -> Signer:
    key = folder / name
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key))
    options = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}")
    return Signer(options, key.with_suffix(".pub"))


@pytest.fixture
def ada(tmp_path: Path) -> Signer:
    return _with_ssh(tmp_path, "ada")


@pytest.fixture
def eve(tmp_path: Path) -> Signer:
    return _with_ssh(tmp_path, "eve")


@pytest.fixture
def signers(ada: Signer, tmp_path: Path) -> Path:
    """The file of those who may sign: Ada alone."""
    file = tmp_path / "allowed signers"
    file.write_text(f'ada@example.org namespaces="git" {ada.public.read_text()}')
    return file


@pytest.fixture
def gpg_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A keyring of somebody who signs on this machine, as the daemon's own user may have one."""
    home = tmp_path_factory.mktemp("g")
    home.chmod(0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    yield home
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


def _with_gpg(name: str, folder: Path) -> Signer:
    address = f"{name}@example.org"
    quick = ("gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", address, "ed25519", "sign")
    _run(*quick)
    public = folder / f"{name}.asc"
    public.write_text(_run("gpg", "--armor", "--export", address))
    return Signer(("-c", "gpg.format=openpgp", "-c", f"user.signingkey={address}"), public)


def _said(work: Work, folder: Path, verification: Verification, followed: str = "main") -> str:
    mirror = Mirror(str(work.path), followed, folder / "mirror.git")
    head = mirror.fetch()
    assert head
    return mirror.why_unverified(head, verification)


def test_a_commit_of_somebody_who_counts_is_right(work: Work, ada: Signer, signers: Path, tmp_path: Path) -> None:
    work.commit(ada)
    assert _said(work, tmp_path, Verification(allowed_signers_file=str(signers))) == ""


def test_of_a_commit_that_nobody_signed_that_is_said(work: Work, signers: Path, tmp_path: Path) -> None:
    commit = work.commit()
    said = _said(work, tmp_path, Verification(allowed_signers_file=str(signers)))
    assert said == f"commit {commit[:12]} of Ada Lovelace <ada@example.org> is not signed"


def test_who_signed_is_said_where_it_does_not_count(work: Work, eve: Signer, signers: Path, tmp_path: Path) -> None:
    commit = work.commit(eve)
    said = _said(work, tmp_path, Verification(allowed_signers_file=str(signers)))
    key = _run("ssh-keygen", "-l", "-f", str(eve.public)).split()[1]
    assert said.startswith(f"commit {commit[:12]} of Ada Lovelace <ada@example.org> is signed by ")
    assert key in said


def test_a_key_for_other_things_does_not_count(work: Work, ada: Signer, signers: Path, tmp_path: Path) -> None:
    signers.write_text(f'ada@example.org namespaces="file" {ada.public.read_text()}')
    work.commit(ada)
    assert "does not count" in _said(work, tmp_path, Verification(allowed_signers_file=str(signers)))


def test_what_was_changed_after_it_was_signed_does_not_count(
    work: Work, ada: Signer, signers: Path, tmp_path: Path
) -> None:
    content = work.git("cat-file", "commit", work.commit(ada)).replace("a change", "another")
    forged = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=work.path,
        input=content + "\n",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    work.git("update-ref", "refs/heads/main", forged)
    assert _said(work, tmp_path, Verification(allowed_signers_file=str(signers)))


def test_the_settings_and_keys_of_the_user_do_not_count(
    work: Work, eve: Signer, signers: Path, tmp_path: Path, user_settings: Path
) -> None:
    mine = tmp_path / "mine"
    mine.write_text(f"eve {eve.public.read_text()}")
    user_settings.write_text(
        user_settings.read_text() + f"[gpg.ssh]\n\tallowedSignersFile = {mine}\n\tprogram = true\n"
    )
    work.git("config", "gpg.ssh.allowedSignersFile", str(mine))
    work.git("-c", "gpg.ssh.program=ssh-keygen", *eve.options, "commit", "-q", "--allow-empty", "-S", "-m", "a change")
    assert "does not count" in _said(work, tmp_path, Verification(allowed_signers_file=str(signers)))


def test_a_tag_of_somebody_who_counts_is_right(work: Work, ada: Signer, signers: Path, tmp_path: Path) -> None:
    work.commit()
    work.tag("v1.0.0", ada)
    for followed in ("tag:v1.0.0", "semver:^1"):
        assert _said(work, tmp_path, Verification(TAGGED, str(signers)), followed) == ""


def test_tags_that_nobody_or_somebody_else_signed(work: Work, eve: Signer, signers: Path, tmp_path: Path) -> None:
    work.commit()
    work.git("tag", "light")
    work.git("tag", "--annotate", "--message", "a release", "bare")
    work.tag("foreign", eve)
    verification = Verification(TAGGED, str(signers))
    assert _said(work, tmp_path, verification, "tag:light") == "tag light is not signed"
    assert _said(work, tmp_path, verification, "tag:bare") == "tag bare is not signed"
    said = _said(work, tmp_path, verification, "tag:foreign")
    assert said == "tag foreign of Ada Lovelace <ada@example.org> is signed by somebody whose signature does not count"


def test_a_signed_tag_does_not_count_under_another_name(work: Work, ada: Signer, signers: Path, tmp_path: Path) -> None:
    work.commit()
    work.tag("v1.0.0", ada)
    work.git("update-ref", "refs/tags/v1.9.0", work.git("rev-parse", "refs/tags/v1.0.0"))
    said = _said(work, tmp_path, Verification(TAGGED, str(signers)), "semver:^1")
    assert said == "tag v1.9.0 was signed under another name"


def test_keys_of_gpg_count_where_they_are_listed(work: Work, gpg_home: Path, tmp_path: Path) -> None:
    grace, mallory = _with_gpg("grace", tmp_path), _with_gpg("mallory", tmp_path)
    verification = Verification(gpg_keys_file=str(grace.public))
    work.commit(grace)
    assert _said(work, tmp_path, verification) == ""
    work.tag("v1.0.0", grace)
    assert _said(work, tmp_path, Verification(TAGGED, gpg_keys_file=str(grace.public)), "tag:v1.0.0") == ""
    work.commit(mallory)  # whose key is on this machine, but not on the list
    assert "does not count" in _said(work, tmp_path, verification)
    work.commit()
    assert "is not signed" in _said(work, tmp_path, verification)


def test_keys_of_one_kind_say_nothing_for_the_other(
    work: Work, ada: Signer, signers: Path, gpg_home: Path, tmp_path: Path
) -> None:
    grace = _with_gpg("grace", tmp_path)
    work.commit(grace)
    assert "does not count" in _said(work, tmp_path, Verification(allowed_signers_file=str(signers)))
    work.commit(ada)
    assert "does not count" in _said(work, tmp_path, Verification(gpg_keys_file=str(grace.public)))


def test_keys_that_are_none_are_an_error_that_says_how_to_mend_it(work: Work, tmp_path: Path) -> None:
    work.commit()
    keys = tmp_path / "keys.asc"
    keys.write_text("nothing\n")
    with pytest.raises(SourceError, match="the keys cannot be read") as raised:
        _said(work, tmp_path, Verification(gpg_keys_file=str(keys)))
    assert raised.value.place == str(keys)
    assert "gpg --export" in str(raised.value.hint)
