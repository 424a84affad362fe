"""What forges deliver: is it genuine, and what was pushed?"""

from __future__ import annotations

import contextlib
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.followed import Followed
from reconciler.model.http import Forge, Hook
from reconciler.web import forges

from .fake_forge import SECRET, Delivery, bitbucket_server, ping, push

EACH = pytest.mark.parametrize("forge", list(Forge))


def lower(delivery: Delivery) -> dict[str, str]:
    return {name.lower(): value for name, value in delivery.headers.items()}


@EACH
def test_what_a_forge_signs_is_genuine_under_its_secret_alone(forge: Forge) -> None:
    delivery = push(forge)
    assert forges.is_genuine(Hook(forge, SECRET), lower(delivery), delivery.body)
    assert not forges.is_genuine(Hook(forge, "another one"), lower(delivery), delivery.body)
    assert not forges.is_genuine(Hook(forge, SECRET), {}, delivery.body)


@pytest.mark.parametrize("forge", [forge for forge in Forge if forge is not Forge.GITLAB])
def test_a_signature_is_of_this_body(forge: Forge) -> None:
    delivery = push(forge)
    assert not forges.is_genuine(Hook(forge, SECRET), lower(delivery), delivery.body + b" ")


def test_a_signature_that_openssl_made_of_the_example_of_github() -> None:
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    hook = Hook(Forge.GITHUB, "It's a Secret to Everybody")
    assert forges.is_genuine(hook, {"x-hub-signature-256": signature}, b"Hello, World!")


def test_anybody_may_send_the_secret_itself_instead_of_a_signature() -> None:
    for header, is_good in ((f"Bearer {SECRET}", True), (f"bearer {SECRET}", True), ("Bearer other", False)):
        assert forges.is_genuine(Hook(Forge.GENERIC, SECRET), {"authorization": header}, b"") is is_good
    assert not forges.is_genuine(Hook(Forge.GITHUB, SECRET), {"authorization": f"Bearer {SECRET}"}, b"")


@EACH
@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/team/topic", "refs/tags/component/split/v1.2.0"])
def test_the_ref_that_was_pushed_is_read(forge: Forge, ref: str) -> None:
    delivery = push(forge, ref)
    assert forges.is_push(forge, lower(delivery))
    assert forges.refs(forge, lower(delivery), delivery.body) == [ref]


def test_a_bitbucket_of_ones_own_is_read_too() -> None:
    delivery = bitbucket_server("refs/heads/main")
    assert forges.is_push(Forge.BITBUCKET, lower(delivery))
    assert forges.refs(Forge.BITBUCKET, lower(delivery), delivery.body) == ["refs/heads/main"]


def test_a_body_may_come_as_a_form() -> None:
    body = urlencode({"payload": json.dumps({"ref": "refs/heads/main"})}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert forges.refs(Forge.GITHUB, headers, body) == ["refs/heads/main"]


def test_a_ping_is_no_push() -> None:
    assert forges.is_ping(Forge.GITHUB, lower(ping()))
    assert not forges.is_push(Forge.GITHUB, lower(ping()))


@pytest.mark.parametrize(
    ("followed", "ref", "does"),
    [
        ("main", "refs/heads/main", True),
        ("main", "refs/heads/mainline", False),
        ("main", "refs/heads/team/main", False),
        ("main", "refs/tags/component/split/v1.2.0", True),
        ("tag:v1", "refs/tags/v2", True),
        ("tag:v1", "refs/heads/main", False),
        ("semver:^1", "refs/tags/v1.2.0", True),
        ("main", "refs/pull/7/head", False),
    ],
)
def test_a_push_concerns_what_follows_its_branch_or_any_tag(followed: str, ref: str, does: bool) -> None:
    assert forges.concerns(Followed.parse(followed), ref) is does


@given(
    forge=st.sampled_from(Forge),
    body=st.recursive(
        st.none() | st.integers() | st.text(),
        lambda each: (
            st.lists(each)
            | st.dictionaries(st.sampled_from(["ref", "push", "changes", "new", "old", "name", "type", "id"]), each)
        ),
    ),
)
def test_a_body_of_any_shape_is_read_or_refused(forge: Forge, body: object) -> None:
    assert all(isinstance(ref, str) for ref in forges.refs(forge, {}, json.dumps(body).encode()))


@given(forge=st.sampled_from(Forge), body=st.binary(max_size=50))
def test_bytes_that_are_no_json_are_refused_with_a_value_error(forge: Forge, body: bytes) -> None:
    with contextlib.suppress(ValueError):
        forges.refs(forge, {}, body)
