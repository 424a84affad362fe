"""Sizes as Kubernetes and Docker write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.resources import Resources, parse_size, size_text

UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4Gi", 4 << 30),
        ("512m", 512 << 20),
        ("2g", 2 << 30),
        ("64MB", 64 << 20),
        ("1.5Gi", 3 << 29),
        ("0.5k", 512),
        ("1 TiB", 1 << 40),
        (" 4Gi ", 4 << 30),
        ("4096", 4096),
        (4096, 4096),
        ("100b", 100),
    ],
)
def test_a_size_is_read_as_kubernetes_and_docker_write_it(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", " ", "Gi", "4X", "4 G i", "-4Gi", "+4Gi", "1e3", "1.", ".5Gi", "1,5Gi", "4Gi4Gi", "many", "nan", "inf"]
)
def test_what_is_no_size_is_refused_as_it_was_written(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size") as caught:
        parse_size(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", [0, -1, "0", "0Gi", "0.0", "0.5"])
def test_less_than_a_byte_is_no_size(text: str | int) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


def test_a_number_beyond_all_memory_is_refused_too() -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_size("9" * 400 + "Gi")


@given(
    st.integers(1, 1 << 22),
    st.sampled_from(sorted(UNITS)),
    st.sampled_from(["", " "]),
    st.sampled_from(["", "i"]),
    st.sampled_from(["", "b"]),
    st.booleans(),
)
def test_every_spelling_of_a_unit_means_the_same_power_of_1024(
    number: int, unit: str, blank: str, binary: str, of_bytes: str, is_upper: bool
) -> None:
    spelled = f"{unit}{binary if unit else ''}{of_bytes}"
    text = f"{number}{blank}{spelled.upper() if is_upper else spelled}"
    assert parse_size(text) == number * 1024 ** UNITS[unit]


@given(st.one_of(st.text(max_size=12), st.from_regex(r"[0-9.]{1,9} ?[kmgtib]{0,3}", fullmatch=True)))
def test_any_text_is_a_size_of_at_least_a_byte_or_refused(text: str) -> None:
    try:
        assert parse_size(text) >= 1
    except ValueError as error:
        assert str(error) == f"{text!r} is not a size"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (512, "512 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (512 << 20, "512 MiB"),
        (3 << 30, "3 GiB"),
        (67_108_865, "64 MiB"),
        (5000 << 40, "5000 TiB"),
    ],
)
def test_people_read_a_size_in_the_largest_unit_that_fits(size: int, text: str) -> None:
    assert size_text(size) == text


@given(st.integers(1024, 9000 << 40))
def test_what_people_read_is_the_size_to_four_digits(size: int) -> None:
    assert parse_size(size_text(size)) == pytest.approx(size, rel=0.0006, abs=1)


def test_who_asks_for_nothing_has_no_limits() -> None:
    assert Resources() == Resources(memory=None, cpus=None, shared_memory=None, gpus=0, network=None)
