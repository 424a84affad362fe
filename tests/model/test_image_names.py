"""Names of container images, taken apart and made."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.image_names import ImageName, image_tag, parse_image_name
from reconciler.model.versions import parse_version

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
HEXADECIMAL = st.text("0123456789abcdef", min_size=12, max_size=64)
_IDENTIFIERS = st.lists(st.from_regex(r"[a-zA-Z-][0-9A-Za-z-]{0,40}", fullmatch=True), max_size=4).map(".".join)


@st.composite
def semantic_versions(draw: st.DrawFn) -> str:
    """A version as manifests may hold it, however long what stands behind its numbers."""
    version = ".".join(str(draw(st.integers(0, 10**6))) for _ in range(3))
    for mark in "-+":
        identifiers = draw(_IDENTIFIERS)
        version += f"{mark}{identifiers}" if identifiers else ""
    return str(parse_version(version))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("python", ImageName("python")),
        ("python:3.11-slim", ImageName("python", "3.11-slim")),
        (f"python@{DIGEST}", ImageName("python", None, DIGEST)),
        (f"python:3.11@{DIGEST}", ImageName("python", "3.11", DIGEST)),
        ("mambaorg/micromamba:2-debian12-slim", ImageName("mambaorg/micromamba", "2-debian12-slim")),
        ("registry.example.org/ml/base:1", ImageName("registry.example.org/ml/base", "1")),
        ("localhost:5000/base", ImageName("localhost:5000/base")),
        ("localhost:5000/base:1", ImageName("localhost:5000/base", "1")),
        ("base:5000", ImageName("base", "5000")),
        ("Registry.Example.org/base", ImageName("Registry.Example.org/base")),
        ("a/b_c/d__e/f-g/h---i/j.k:_X.y-Z", ImageName("a/b_c/d__e/f-g/h---i/j.k", "_X.y-Z")),
        ("a:" + "x" * 128, ImageName("a", "x" * 128)),
    ],
)
def test_a_name_is_taken_apart_as_docker_does(text: str, name: ImageName) -> None:
    assert parse_image_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "Python", "python ", "python\n", "py thon", "https://example.org/python"),
        *("python:", "python:-x", "python:.x", "python:a/b", "python:a:b", "a:" + "x" * 129),
        *("python@", "python@sha256:12", f"python@{DIGEST}0", f"python@{DIGEST.upper()}", f"python@{DIGEST}:3.11"),
        *("/python", "python/", "a//b", "a/B", "a___b", "a..b", "a/-b", "a/b-", "host:port/a", "${{inputs.image}}"),
    ],
)
def test_what_names_no_image_is_refused_as_it_was_written(text: str) -> None:
    with pytest.raises(ValueError, match="is not the name of an image") as caught:
        parse_image_name(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "registry"),
    [
        ("python", "docker.io"),
        ("python:3.11", "docker.io"),
        ("base:5000", "docker.io"),
        ("mambaorg/micromamba", "docker.io"),
        ("team/project/base", "docker.io"),
        ("docker.io/library/python", "docker.io"),
        ("quay.io/team/base", "quay.io"),
        ("localhost/base", "localhost"),
        ("localhost:5000/base:1", "localhost:5000"),
        ("builder:5000/base", "builder:5000"),
        (f"registry.example.org:443/ml/base@{DIGEST}", "registry.example.org:443"),
    ],
)
def test_the_registry_is_what_stands_first_where_that_is_a_host(text: str, registry: str) -> None:
    assert parse_image_name(text).registry == registry


@given(st.text(max_size=30))
def test_any_text_names_an_image_whole_or_is_refused(text: str) -> None:
    try:
        name = parse_image_name(text)
    except ValueError:
        return
    tag = f":{name.tag}" if name.tag else ""
    digest = f"@{name.digest}" if name.digest else ""
    assert text == f"{name.repository}{tag}{digest}"


@pytest.mark.parametrize(
    ("name", "version", "tag"),
    [
        ("sklearn", "1.2.0", "reconciler/sklearn:1.2.0-0123456789ab"),
        ("sklearn", None, "reconciler/sklearn:0.0.0-0123456789ab"),
        ("sklearn", "1.0.0-rc.1+b7", "reconciler/sklearn:1.0.0-rc.1_b7-0123456789ab"),
        ("SKLearn_1.5", "1.0.0", "reconciler/sklearn-1-5:1.0.0-0123456789ab"),
        ("_private_", "1.0.0", "reconciler/private:1.0.0-0123456789ab"),
        ("__", "1.0.0", "reconciler/environment:1.0.0-0123456789ab"),
        ("Größe", "1.0.0", "reconciler/gr-e:1.0.0-0123456789ab"),
    ],
)
def test_the_tag_of_an_environment_says_its_name_version_and_digest(name: str, version: str | None, tag: str) -> None:
    assert image_tag(name, version, "0123456789abcdef" * 4) == tag


@given(st.text(max_size=40), st.none() | semantic_versions(), HEXADECIMAL)
def test_the_tag_of_every_environment_is_one_that_docker_takes(name: str, version: str | None, digest: str) -> None:
    parsed = parse_image_name(image_tag(name, version, digest))
    assert re.fullmatch(r"reconciler/[a-z0-9]+(?:-[a-z0-9]+)*", parsed.repository)
    assert parsed.tag is not None
    assert len(parsed.tag) <= 128
    assert parsed.tag.endswith(f"-{digest[:12]}")
    assert (parsed.registry, parsed.digest) == ("docker.io", None)


@given(st.text(max_size=20), st.none() | semantic_versions(), HEXADECIMAL, HEXADECIMAL)
def test_environments_of_another_digest_never_share_a_tag(name: str, version: str | None, one: str, other: str) -> None:
    is_same = one[:12] == other[:12]
    assert (image_tag(name, version, one) == image_tag(name, version, other)) == is_same
