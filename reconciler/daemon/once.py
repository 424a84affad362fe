"""A source that is reconciled one time, with its runs waited for."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.daemon.follower import RUN_ENDED, Follower
from reconciler.daemon.outcome import Outcome


def once(
    follower: Follower, tell: Callable[[Outcome], None], is_ending: Callable[[], bool], has_drift_mended: bool
) -> Outcome:
    """Reconcile, and wait for the runs; returns what the newest revision came to.

    Args:
        tell: told what each turn came to.
        is_ending: whether nothing more may be begun.
        has_drift_mended: look for what differs with no new commit too, and mend it.
    """
    follower.resume()
    follower.wait()
    if is_ending():
        return Outcome()
    if has_drift_mended:
        follower.ask_for_drift()
    outcome = follower.reconcile("once", is_asked=True)
    tell(outcome)
    if not is_ending():
        follower.wait()
    if has_drift_mended and not is_ending() and follower.wait_for_drift():
        _mend(follower, tell, is_ending)
    return outcome


def _mend(follower: Follower, tell: Callable[[Outcome], None], is_ending: Callable[[], bool]) -> None:
    """Mend what the look for drift found, and see what is left of it."""
    tell(follower.reconcile(RUN_ENDED))
    follower.wait()
    if not is_ending():
        follower.ask_for_drift(is_thorough=False)
        follower.reconcile(RUN_ENDED)
        follower.wait_for_drift()
