"""The shipped components on real loans, in the environments that the demonstration built."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import Played
from tests.e2e.program import PROJECT, git, real_data, reconciler

pytestmark = pytest.mark.e2e

LENDING_CLUB, LOAN_DATA = real_data("lending_club_sample.csv"), real_data("loan_data.csv")
# The tables are not ours to ship. Where they are not, there is nothing to collect.
__test__ = LENDING_CLUB is not None and LOAN_DATA is not None


def test_the_template_trains_on_the_real_table_after_one_path_is_changed(played: Played, tmp_path: Path) -> None:
    assert LENDING_CLUB is not None
    work_tree = tmp_path / "repo"
    git(tmp_path, "clone", "--quiet", str(played.folder / "repo"), str(work_tree))
    git(work_tree, "reset", "--quiet", "--hard", "HEAD~1")
    shutil.copy(LENDING_CLUB, work_tree / "data" / "lending_club_real.csv")
    manifest = work_tree / "data" / "lending_club_raw.yaml"
    manifest.write_text(manifest.read_text().replace("path: lending_club_raw.csv", "path: lending_club_real.csv"))

    answer = reconciler("apply", "-f", work_tree / "pipelines", "--state", played.state)

    assert answer.code == 0, answer.out + answer.err
    assert "succeeded" in answer.out
    assert re.search(r"model lending_club version \d+ \(champion\)", answer.out)
    prepared = reconciler("logs", "lending_club", "prepare_data", "--state", played.state).out
    assert re.search(r"\d\d loans, \d+ features", prepared)


def test_a_second_pipeline_trains_on_the_small_real_table(played: Played, tmp_path: Path) -> None:
    assert LOAN_DATA is not None
    work_tree = tmp_path / "repo"
    shutil.copytree(PROJECT / "components", work_tree / "components")
    shutil.copytree(PROJECT / "repo-template" / "environments", work_tree / "environments")
    shutil.copytree(PROJECT / "tests" / "fixtures" / "loan_data_pipeline", work_tree / "loan_data")
    shutil.copy(LOAN_DATA, work_tree / "loan_data" / "loan_data.csv")
    git(work_tree, "init", "--quiet")

    answer = reconciler("apply", "-f", work_tree / "loan_data" / "pipeline.yaml", "--state", played.state)

    assert answer.code == 0, answer.out + answer.err
    assert "model loan_data version 1 (champion)" in answer.out
    prepared = reconciler("logs", "loan_data", "prepare", "--state", played.state).out
    assert "9578 loans" in prepared

    again = reconciler("apply", "-f", work_tree / "loan_data" / "pipeline.yaml", "--state", played.state)
    assert "nothing to do" in again.out
