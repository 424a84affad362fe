"""Whether commits and tags are signed by those whose signatures count."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.model.errors import SourceError
from reconciler.model.followed import Signed, Verification
from reconciler.source.plumbing import Git

_SECONDS = 60.0
_NOBODY = "N"  # as `%G?` says it
# Nothing that the user of the daemon has set up counts: neither programs nor keys.
_OURS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "0"}


def why_unverified(git: Git, verification: Verification, commit: str, tag: str | None) -> str:
    """What is wrong with the signature of a commit, or of the tag that leads to it; "" where it is as it should be.

    Raises:
        SourceError: it cannot be told, as the keys cannot be read.
    """
    with _keyring(verification) as keyring:
        checker = _Checker(git, verification, keyring)
        if verification.signed is Signed.TAG:
            return checker.tag(tag or "", commit)
        return checker.commit(commit)


class _Checker:
    """Has git check signatures against the keys that count, and no others."""

    def __init__(self, git: Git, verification: Verification, keyring: Path) -> None:
        self._git = git
        self._env = {**_OURS, "GNUPGHOME": str(keyring)}
        signers = verification.allowed_signers_file
        self._config = [f"gpg.ssh.allowedSignersFile={signers or os.devnull}", "gpg.x509.program=false"]
        if signers:
            self._config.append("gpg.minTrustLevel=fully")  # which SSH keys have that are listed, and no key of GPG

    def commit(self, commit: str) -> str:
        if self._is_good("verify-commit", commit):
            return ""
        told = self._run("log", "-1", "--no-show-signature", "--format=%G?%n%GS%n%GK%n%an <%ae>", commit, "--")
        status, signer, key, author = (told.stdout.decode(errors="replace").split("\n") + [""] * 4)[:4]
        if status == _NOBODY:
            return f"commit {commit[:12]} of {author} is not signed"
        return f"commit {commit[:12]} of {author} is signed by {_named(signer, key)}, whose signature does not count"

    def tag(self, tag: str, commit: str) -> str:
        reference = f"refs/tags/{tag}"
        kind = self._run("cat-file", "-t", reference).stdout.decode().strip()
        if kind != "tag":
            return f"tag {tag} is not signed"
        content = self._run("cat-file", "tag", reference).stdout.decode(errors="replace")
        header, _, message = content.partition("\n\n")
        if f"tag {tag}" not in header.split("\n"):  # a signed tag of another name tells nothing about this one
            return f"tag {tag} was signed under another name"
        if self._run("rev-parse", f"{reference}^{{commit}}").stdout.decode().strip() != commit:
            return f"tag {tag} does not lead to commit {commit[:12]}"
        if self._is_good("verify-tag", reference):
            return ""
        if "-----BEGIN" not in message:
            return f"tag {tag} is not signed"
        tagger = next((line.removeprefix("tagger ") for line in header.split("\n") if line.startswith("tagger ")), "")
        return f"tag {tag} of {tagger.rpartition('>')[0]}> is signed by somebody whose signature does not count"

    def _is_good(self, *command: str) -> bool:
        return self._run(*command).returncode == 0

    def _run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        given = [part for setting in self._config for part in ("-c", setting)]
        try:
            return subprocess.run(
                self._git.command(*given, *command),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=self._git.environment(self._env),
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            hint = "are git, ssh-keygen and gpg there?"
            raise SourceError(f"signatures cannot be checked: {error}", hint=hint) from error


@contextmanager
def _keyring(verification: Verification) -> Iterator[Path]:
    """A folder of GPG that holds the keys which count and nothing else."""
    folder = Path(tempfile.mkdtemp(prefix="reconciler-gpg-"))  # its socket allows no long path
    try:
        if verification.gpg_keys_file:
            _import(folder, verification.gpg_keys_file)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _import(folder: Path, keys: str) -> None:
    command = ["gpg", "--homedir", str(folder), "--batch", "--no-autostart", "--quiet", "--import", "--", keys]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(f"gpg cannot be started: {error}", hint="install gpg, and see that it is on PATH") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["gpg said nothing"]
        hint = "export public keys with `gpg --export --armor NAME`"
        raise SourceError(f"the keys cannot be read: {said[-1]}", place=keys, hint=hint)


def _named(signer: str, key: str) -> str:
    return " with key ".join(filter(None, (signer, key))) or "somebody"
