"""Which images a Dockerfile builds on, and the same Dockerfile with those images pinned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.environments.dockerfile import base_images, needs_buildkit, pinned

PIN = f"python@sha256:{'1' * 64}"
OTHER_PIN = f"debian@sha256:{'2' * 64}"


class TestBaseImages:
    @pytest.mark.parametrize(
        ("dockerfile", "images"),
        [
            ("FROM python:3.12\n", ("python:3.12",)),
            ("FROM python:3.12", ("python:3.12",)),
            ("from python:3.12 as base\n", ("python:3.12",)),
            ("  FROM python:3.12\n", ("python:3.12",)),
            ("FROM --platform=linux/amd64 python:3.12\n", ("python:3.12",)),
            ("FROM --platform=$BUILDPLATFORM python:3.12 AS base\n", ("python:3.12",)),
            (f"FROM {PIN}\n", (PIN,)),
            ("FROM registry.example.org:5000/ml/base:1\n", ("registry.example.org:5000/ml/base:1",)),
            ("FROM python:3.12\r\nRUN true\r\nFROM debian:12\r\n", ("python:3.12", "debian:12")),
            ("FROM debian:12\nFROM python:3.12\n", ("debian:12", "python:3.12")),
        ],
    )
    def test_an_image_is_what_stands_after_from_in_whatever_way_it_is_written(
        self, dockerfile: str, images: tuple[str, ...]
    ) -> None:
        assert base_images(dockerfile, {}) == images

    def test_an_image_that_is_named_twice_is_one(self) -> None:
        assert base_images("FROM debian:12 AS one\nFROM debian:12\nCOPY --from=debian:12 /a /b\n", {}) == ("debian:12",)

    def test_a_dockerfile_without_an_instruction_from_builds_on_nothing(self) -> None:
        assert base_images("", {}) == base_images("# nothing yet\nRUN true\n", {}) == ()

    @pytest.mark.parametrize(
        "dockerfile",
        [
            "FROM debian:12 AS build\nFROM build\n",
            "FROM debian:12 AS Build\nFROM bUILD\n",
            "FROM debian:12 AS build\nFROM build AS test\nFROM test\n",
            "ARG FIRST=build\nFROM debian:12 AS build\nFROM $FIRST\n",
            "FROM debian:12 AS build\nFROM scratch\nCOPY --from=build /a /a\n",
            "FROM debian:12 AS build\nFROM scratch\nCOPY --from=BUILD /a /a\n",
            "FROM debian:12\nFROM scratch\nCOPY --from=0 /a /a\n",
            "FROM debian:12 AS debian\nFROM debian\n",
        ],
    )
    def test_stages_of_the_file_itself_and_scratch_are_no_images(self, dockerfile: str) -> None:
        assert base_images(dockerfile, {}) == ("debian:12",)

    def test_a_stage_has_its_name_only_after_it_began(self) -> None:
        assert base_images("FROM python AS python\nFROM python\n", {}) == ("python",)
        assert base_images("FROM build\nFROM debian:12 AS build\n", {}) == ("build", "debian:12")

    @pytest.mark.parametrize(
        "copy",
        [
            "COPY --from=alpine:3 /a /a",
            "copy --from=alpine:3 /a /a",
            "COPY --chown=1:1 --from=alpine:3 /a /a",
            "COPY --link --from=alpine:3 --chmod=644 /a /a",
            "COPY \\\n    --from=alpine:3 \\\n    /a /a",
        ],
    )
    def test_an_image_that_files_are_copied_from_counts_too(self, copy: str) -> None:
        assert base_images(f"FROM debian:12\n{copy}\n", {}) == ("debian:12", "alpine:3")

    def test_an_argument_where_docker_fills_in_none_names_no_image(self) -> None:
        assert base_images("ARG TOOL=alpine:3\nFROM debian:12\nCOPY --from=$TOOL /a /a\n", {}) == ("debian:12",)

    @pytest.mark.parametrize(
        ("dockerfile", "image"),
        [
            ("ARG VERSION=3.12\nFROM python:$VERSION\n", "python:3.12"),
            ("ARG VERSION=3.12\nFROM python:${VERSION}-slim\n", "python:3.12-slim"),
            ('ARG VERSION="3.12"\nFROM python:$VERSION\n', "python:3.12"),
            ("ARG MAJOR=3 MINOR=12\nFROM python:$MAJOR.$MINOR\n", "python:3.12"),
            ("ARG VERSION=3.12\nFROM python:$VERSION AS one\nARG VERSION=3.9\nFROM python:$VERSION\n", "python:3.12"),
        ],
    )
    def test_arguments_have_the_values_that_they_are_declared_with_above_the_first_stage(
        self, dockerfile: str, image: str
    ) -> None:
        assert base_images(dockerfile, {}) == (image,)

    @pytest.mark.parametrize("declared", ["ARG VERSION=3.12", "ARG VERSION"])
    def test_build_arguments_replace_what_is_declared(self, declared: str) -> None:
        assert base_images(f"{declared}\nFROM python:$VERSION\n", {"VERSION": "3.13"}) == ("python:3.13",)

    @pytest.mark.parametrize(
        "lines",
        [
            "# FROM python:3.12",
            "  # FROM python:3.12",
            "RUN echo \\\n  FROM python:3.12",
            "RUN true \\\n# FROM python:3.12\n  && true",
            'LABEL said="FROM python:3.12"',
        ],
    )
    def test_comments_and_continued_lines_begin_no_stage(self, lines: str) -> None:
        assert base_images(f"FROM debian:12\n{lines}\n", {}) == ("debian:12",)

    def test_an_instruction_may_be_continued_on_the_lines_after_it(self) -> None:
        assert base_images("FROM \\\n# the usual one\n  python:3.12 \\\n  AS base\nFROM base\n", {}) == ("python:3.12",)

    def test_lines_are_continued_as_the_file_says(self) -> None:
        assert base_images("# escape=`\nFROM `\n  python:3.12\nRUN dir C:\\\nFROM debian:12\n", {}) == (
            "python:3.12",
            "debian:12",
        )

    @pytest.mark.parametrize(
        "document",
        [
            "RUN <<EOF\nFROM python:3.12\nEOF",
            "run <<EOF\nFROM python:3.12\nEOF",
            "RUN <<'END' cat\nCOPY --from=alpine:3 /a /a\nEND",
            'RUN <<-"END"\n\tFROM python:3.12\n\tEND',
            "COPY <<one <<two /folder/\nFROM python:3.12\none\nFROM alpine:3\ntwo",
            "ADD <<EOF /file\nFROM python:3.12\n\n# EOF\nEOF",
            "RUN <<EOF\necho \\\nEOF",
        ],
    )
    def test_what_stands_in_a_here_document_is_no_instruction(self, document: str) -> None:
        assert base_images(f"FROM debian:12\n{document}\nFROM alpine:3.20\n", {}) == ("debian:12", "alpine:3.20")


class TestPinned:
    def test_nothing_but_the_names_of_images_differs(self) -> None:
        dockerfile = (
            "# syntax=docker/dockerfile:1\n\nARG V=3.12\n"
            "from  --platform=linux/amd64   python:$V   as  build  \n"
            "RUN echo python:3.12 \\\n   FROM python:3.12\n\n"
            "RUN <<EOF\nFROM python:3.12\nEOF\n"
            "\tFROM debian:12\n"
            "COPY --from=build /a /a\n"
            "COPY --chown=1 --from=python:3.12 \\\n   /python:3.12 /a\r\n"
            "CMD  python"
        )
        expected = (
            dockerfile.replace("amd64   python:$V", f"amd64   {PIN}")
            .replace("\tFROM debian:12", f"\tFROM {OTHER_PIN}")
            .replace("--from=python:3.12", f"--from={PIN}")
        )
        assert pinned(dockerfile, {"python:3.12": PIN, "debian:12": OTHER_PIN}, {}) == expected

    def test_each_stage_gets_the_image_that_it_names(self) -> None:
        dockerfile = "FROM a:1 AS one\nFROM b:1 AS two\nFROM a:1\nCOPY --from=two /a /a\n"
        assert pinned(dockerfile, {"a:1": "A", "b:1": "B"}, {}) == (
            "FROM A AS one\nFROM B AS two\nFROM A\nCOPY --from=two /a /a\n"
        )

    def test_arguments_are_declared_after_every_from_so_that_every_stage_sees_them(self) -> None:
        dockerfile = "FROM a:1 AS one\nRUN true\nFROM \\\n  one\nRUN <<EOF\nFROM b\nEOF\nFROM scratch\n"
        assert pinned(dockerfile, {"a:1": "A"}, {"PROXY": "http://proxy", "INDEX": "x"}) == (
            "FROM A AS one\nARG PROXY\nARG INDEX\nRUN true\n"
            "FROM \\\n  one\nARG PROXY\nARG INDEX\nRUN <<EOF\nFROM b\nEOF\n"
            "FROM scratch\nARG PROXY\nARG INDEX\n"
        )

    def test_values_of_arguments_are_not_written_into_the_file(self) -> None:
        assert "secret" not in pinned("FROM a:1\n", {"a:1": "A"}, {"TOKEN": "secret"})

    def test_the_last_line_may_lack_its_end(self) -> None:
        assert pinned("FROM a:1", {"a:1": "A"}, {}) == "FROM A"
        assert pinned("FROM a:1", {"a:1": "A"}, {"PROXY": ""}) == "FROM A\nARG PROXY\n"
        assert pinned("FROM a:1\nFROM a:1", {"a:1": "A"}, {}) == "FROM A\nFROM A"

    def test_an_argument_that_chose_the_image_is_still_declared(self) -> None:
        dockerfile = "ARG VERSION\nFROM python:$VERSION\n"
        assert pinned(dockerfile, {"python:3.12": PIN}, {"VERSION": "3.12"}) == (
            f"ARG VERSION\nFROM {PIN}\nARG VERSION\n"
        )


class TestNeedsBuildkit:
    @pytest.mark.parametrize(
        "line",
        [
            "RUN --mount=type=secret,id=index pip install a",
            "run --network=none true",
            "  RUN --security=insecure true",
            "RUN --network=none --mount=type=cache,target=/cache true",
            "RUN <<EOF\ntrue\nEOF",
            "COPY <<EOF /file\ntext\nEOF",
        ],
    )
    def test_what_the_classic_builder_cannot_read_needs_it(self, line: str) -> None:
        assert needs_buildkit(f"FROM debian:12\n{line}\n")

    @pytest.mark.parametrize(
        "line",
        ["RUN true", "# RUN --mount=type=secret,id=index true", "RUN ls --mount=x", "COPY --chown=1 a b", "COPY a b"],
    )
    def test_what_every_builder_can_read_does_not(self, line: str) -> None:
        assert not needs_buildkit(f"FROM debian:12\n{line}\n")


_WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
_IMAGE = st.builds(lambda name, tag: f"{name}:{tag}", _WORD, _WORD)
_FROM = st.builds(
    lambda word, flag, image, alias: f"{word} {flag}{image}{alias}",
    st.sampled_from(["FROM", "from", "From"]),
    st.sampled_from(["", "--platform=linux/amd64 ", "--platform=$BUILDPLATFORM  "]),
    _IMAGE,
    st.one_of(st.just(""), st.builds(" AS stage-{}".format, _WORD)),
)
_LINE = st.one_of(
    _FROM,
    st.builds("COPY --from={} /a /a".format, _IMAGE),
    st.builds("# FROM {}".format, _IMAGE),
    st.builds("RUN echo \\\n  FROM {}".format, _IMAGE),
    st.builds("RUN <<EOF\nFROM {}\nEOF".format, _IMAGE),
    st.sampled_from(["", "RUN true", "ENV A=b", "COPY . /work"]),
)
_DOCKERFILE = st.builds(
    lambda first, lines, end: "\n".join([first, *lines]) + end,
    _FROM,
    st.lists(_LINE, max_size=8),
    st.sampled_from(["", "\n"]),
)


@given(dockerfile=_DOCKERFILE, arguments=st.dictionaries(_WORD.map("A{}".format), _WORD, max_size=2))
def test_the_images_of_a_pinned_dockerfile_are_exactly_the_pins(dockerfile: str, arguments: dict[str, str]) -> None:
    names = {
        image: f"pinned/{number}@sha256:{number:064}" for number, image in enumerate(base_images(dockerfile, arguments))
    }
    assert names
    assert base_images(pinned(dockerfile, names, arguments), arguments) == tuple(names.values())


@given(dockerfile=_DOCKERFILE)
def test_a_dockerfile_pinned_to_its_own_names_is_the_very_same(dockerfile: str) -> None:
    names = {image: image for image in base_images(dockerfile, {})}
    assert pinned(dockerfile, names, {}) == dockerfile


@pytest.mark.parametrize(
    ("dockerfile", "names"),
    [
        ("FROM\n", ()),
        ("ARG\nFROM a\n", ("a",)),
        ("ARG A=1 DEBUG\nFROM python:$A\n", ("python:1",)),
        ("ARG I=python:3.12\nARG P=$I\nFROM $P\n", ("python:3.12",)),
        ("ARG V\nFROM python:${V:-3.12}\n", ("python:3.12",)),
        ("ARG V=3\nFROM python${V:+:slim}\n", ("python:slim",)),
        ("FROM base-$TARGETARCH\nFROM b\n", ("b",)),
        ("FROM \\\n  # why\n  python:3.12 \\\n  AS x\nFROM x\n", ("python:3.12",)),
        ("FROM a\nRUN cat <<<EOF\nFROM b\n", ("a", "b")),
        ("FROM a\nRUN echo $((1<<EOF)) 'x <<EOF'\nFROM b\n", ("a", "b")),
        ("FROM a\nRUN cat \\\n <<EOF\nFROM no\nEOF\nFROM b\n", ("a", "b")),
        ("FROM a\nRUN cat <<-ONE <<TWO\nFROM no\n\tONE\nFROM no\nTWO\nFROM b\n", ("a", "b")),
        ("FROM a\n# \u2028\nFROM c\n", ("a", "c")),
        ("FROM a\nRUN --mount=type=bind,from=tools,target=/t true\n", ("a", "tools")),
        ("\ufeffFROM a\n", ("a",)),
        ("# escape=`\nFROM a\nRUN echo `\n FROM no\nFROM b\n", ("a", "b")),
    ],
)
def test_whatever_a_dockerfile_may_hold_its_bases_are_found_and_renamed(
    dockerfile: str, names: tuple[str, ...]
) -> None:
    assert base_images(dockerfile, {}) == names
    renamed = pinned(dockerfile, {name: f"reconciler/base:{number}" for number, name in enumerate(names)}, {})
    assert base_images(renamed, {}) == tuple(f"reconciler/base:{number}" for number in range(len(names)))
    assert renamed.count("\n") == dockerfile.count("\n")


@given(st.text("FROMARGUN <-\n\\$\"'{}=:ab#\t", max_size=80))
def test_no_text_at_all_is_too_odd_to_be_read(dockerfile: str) -> None:
    names = base_images(dockerfile, {"A": "b"})
    pinned(dockerfile, dict.fromkeys(names, "pinned"), {"A": "b"})
    needs_buildkit(dockerfile)
