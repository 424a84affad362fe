"""Why nothing is known of what lies at a URL, as a person wants to hear it."""

from __future__ import annotations

from reconciler.model.data_paths import WEB_SCHEMES, RemoteTrouble, redacted_url
from reconciler.model.problems import Code
from reconciler.source.stores import MissingPackageError, TooLargeError, causes_of, reason_of
from reconciler.source.url_rules import RefusedAddressError

_GONE = (404, 410)
_NOT_FOR_US = (401, 403)


def trouble_of(url: str, error: Exception, max_bytes: int) -> RemoteTrouble:
    """What is to be said of a store that did not answer as it was asked to."""
    shown = redacted_url(url)
    causes = causes_of(error)
    if isinstance(error, MissingPackageError):
        scheme = url.partition("://")[0]
        hint = f"pip install 'reconciler[{error.extra}]'" if error.extra else "name another place"
        return RemoteTrouble(Code.UNREACHABLE_DATA, f"nothing is installed that reads `{scheme}://`", hint)
    if isinstance(error, TooLargeError):
        message = f"`{shown}` is larger than the {max_bytes} bytes that data at a URL may have"
        hint = "whoever runs reconciler raises it with `data: {max_size: …}` in the configuration"
        return RemoteTrouble(Code.UNREACHABLE_DATA, message, hint)
    if any(isinstance(cause, RefusedAddressError) for cause in causes):
        hint = "whoever runs reconciler names hosts of this machine with `data: {urls: […]}` in the configuration"
        return RemoteTrouble(Code.OUTSIDE_REPOSITORY, f"`{shown}` may not be asked: {reason_of(error)}", hint)
    status = next((cause.status for cause in causes if isinstance(getattr(cause, "status", None), int)), None)  # type: ignore[attr-defined]
    is_web = url.partition("://")[0] in WEB_SCHEMES  # there every failure is called so, with its cause
    if status in _GONE or (isinstance(error, FileNotFoundError) and not (is_web and error.__cause__)):
        hint = "put it there, or correct the URL"
        return RemoteTrouble(Code.MISSING_FILE, f"there is nothing at `{shown}`", hint, is_passing=True)
    if status in _NOT_FOR_US or isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
        hint = "give reconciler's environment the credentials: ~/.netrc, `AWS_…` variables and the like"
    else:
        hint = "see that the store can be reached from here; it is tried again"
    message = f"`{shown}` cannot be looked up: {reason_of(error)}"
    return RemoteTrouble(Code.UNREACHABLE_DATA, message, hint, is_passing=True)
