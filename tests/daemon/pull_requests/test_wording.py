"""What is told of runs, word by word."""

from __future__ import annotations

from dataclasses import replace

from reconciler.daemon.pull_requests.figures import RunFigures, Verdict
from reconciler.daemon.pull_requests.statuses import status_of
from reconciler.daemon.pull_requests.wording import Links, merged_blocks, preview_blocks
from reconciler.forges.base import CommitState, CommitStatus
from reconciler.model.previews import Preview
from reconciler.model.pull_requests import ToldPullRequest
from reconciler.model.runs import Judgement, Run, RunStatus
from reconciler.planning.comparison import Aspect, Compared
from reconciler.review.markdown import fitted

HEAD = "c" * 40
RUN = Run(
    "loans@pr-12-1", "loans@pr-12", "main", f"pr-12@sha1:{HEAD}", "k", RunStatus.SUCCEEDED, "preview by ada", 10.0, 75.0
)
BASE = replace(RUN, id="loans-4", pipeline="loans")
METRIC = Compared(Aspect.METRIC, "train", "accuracy", 0.81, 0.82)
FIGURES = RunFigures("loans", RUN, BASE, (METRIC,), 2, 5, Verdict(True, "accuracy 0.82, champion 1.2.0 has 0.81"))
LINKS = Links("https://mlflow.example.org")
PREVIEW = Preview("main", 12, HEAD, "b" * 40, "ada", 1.0)
EVIL = "<img src=x onerror=1> @everyone [a](https://evil.example) `x` | #1"


def body(figures: RunFigures, told: ToldPullRequest | None = None, links: Links = LINKS) -> str:
    return fitted(preview_blocks(told or ToldPullRequest("main", 12), PREVIEW, [figures], links))


def test_a_preview_that_is_over() -> None:
    recorded = replace(FIGURES, run=replace(RUN, mlflow_run_id="0a1b"))
    assert body(recorded, ToldPullRequest("main", 12, note="started loans@pr-12-1")) == (
        f"""\
### Preview

Asked for last: `started loans@pr-12-1`

`pr-12@sha1:{HEAD}`, asked for by `ada`. Nothing of it counts before the merge.

#### `loans` **succeeded** in 1 min 5 s: 2 steps ran, 5 reused

`loans@pr-12-1` · [metrics and plots in MLflow](https://mlflow.example.org/#/runs/0a1b)

compared with `loans-4`

| metric | step | base | this change | difference |
|---|---|---|---|---|
| `accuracy` | `train` | `0.81` | `0.82` | +0.01 |

Gate: **passes**, `accuracy 0.82, champion 1.2.0 has 0.81`

"""
    )


def test_one_that_failed_says_why() -> None:
    failed = replace(RUN, status=RunStatus.FAILED, error="step train: out of memory\nand more")
    told = body(replace(FIGURES, run=failed, verdict=None, metrics=()))
    assert "#### `loans` **failed**" in told
    assert "`step train: out of memory`" in told
    assert "and more" not in told


def test_nothing_is_told_where_nobody_asked() -> None:
    assert preview_blocks(ToldPullRequest("main", 12), None, [], LINKS) == []


def test_a_merge_says_which_models_took_the_champions_place() -> None:
    judged = Judgement("r", "loans", "7", "1.3.0", "champion", "accuracy", 0.82, "6", "1.2.0", 0.81, True, "better")
    told = fitted(merged_blocks("main@sha1:1", [replace(FIGURES, verdict=None, judgements=(judged,))], Links()))
    assert "### Merged: 1 run" in told
    assert "| metric | step | before | now | difference |" in told
    assert "`loans 1.3.0` is **promoted**, `better`" in told


def test_whatever_authors_write_stands_in_code() -> None:
    evil = RunFigures(
        EVIL,
        replace(RUN, id=EVIL, status=RunStatus.FAILED, error=EVIL),
        replace(BASE, id=EVIL),
        (Compared(Aspect.METRIC, EVIL, EVIL, 1.0, 2.0),),
        1,
        0,
        Verdict(False, EVIL),
        (Judgement("r", EVIL, "7", EVIL, "a", "m", 1.0, "", "", None, False, EVIL),),
    )
    told = body(evil, ToldPullRequest("main", 12, note=EVIL, is_refused=True))
    for line in told.splitlines():
        if "<img" in line:
            outside = "".join(line.split("``")[::2])
            assert "<img" not in outside
            assert "@everyone" not in outside


def test_statuses_say_how_a_run_did_in_a_line() -> None:
    assert status_of(HEAD, FIGURES, LINKS) == CommitStatus(
        HEAD, "reconciler/loans", CommitState.SUCCESS, "loans@pr-12-1 succeeded: passes its gate, accuracy 0.82"
    )
    worse = replace(FIGURES, verdict=Verdict(False, "worse"))
    assert status_of(HEAD, worse, LINKS).state is CommitState.SUCCESS
    assert status_of(HEAD, worse, LINKS).text.endswith("does not pass its gate, accuracy 0.82")
    failed = replace(FIGURES, run=replace(RUN, status=RunStatus.FAILED, error="no memory\nx"))
    assert status_of(HEAD, failed, LINKS).text == "loans@pr-12-1 failed: no memory"
    assert status_of(HEAD, failed, LINKS).state is CommitState.FAILURE


def test_a_status_leads_to_the_run_in_mlflow() -> None:
    recorded = replace(FIGURES, run=replace(RUN, mlflow_run_id="0a1b"))
    assert status_of(HEAD, recorded, LINKS).url == "https://mlflow.example.org/#/runs/0a1b"
    assert status_of(HEAD, recorded, Links()).url == ""
