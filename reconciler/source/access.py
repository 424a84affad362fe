"""How git is told to reach a remote. What is secret goes by its environment alone, never by arguments or addresses."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from urllib.parse import urlsplit

from reconciler.model.followed import Access

_USERNAME, _TOKEN = "RECONCILER_GIT_USERNAME", "RECONCILER_GIT_TOKEN"
_HELPER = f'!f() {{ test "$1" = get && printf "username=%s\\npassword=%s\\n" "${_USERNAME}" "${_TOKEN}"; }}; f'


def arguments_for(access: Access, url: str) -> list[str]:
    """Options of git. The token is told to the server of this address alone, wherever that may send us."""
    if not access.token:
        return []
    server = urlsplit(url)
    host = server.netloc.rpartition("@")[2]
    return ["-c", "credential.helper=", "-c", f"credential.{server.scheme}://{host}.helper={_HELPER}"]


def variables_for(access: Access) -> Mapping[str, str]:
    """Variables of git's environment."""
    given: dict[str, str] = {}
    if access.token:
        given |= {_USERNAME: access.username, _TOKEN: access.token}
    if access.is_ssh:
        given |= {"GIT_SSH_COMMAND": _ssh(access), "GIT_SSH_VARIANT": "ssh"}
    return given


def _ssh(access: Access) -> str:
    command = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
    if access.key_file:
        command += ["-o", f"IdentityFile={_quoted(access.key_file)}", "-o", "IdentitiesOnly=yes"]
    if access.known_hosts_file:
        known = _quoted(access.known_hosts_file)
        command += ["-o", f"UserKnownHostsFile={known}", "-o", "GlobalKnownHostsFile=/dev/null"]
    return shlex.join(command)


def _quoted(path: str) -> str:
    """A path as an option of ssh, which reads several words there and fills `%` in."""
    return '"' + path.replace("%", "%%") + '"'
