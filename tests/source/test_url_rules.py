"""Which URLs may be read."""

from __future__ import annotations

import pytest

from reconciler.source.url_rules import UrlRules

DAEMON, PERSON = UrlRules(is_work_tree=False), UrlRules()


@pytest.mark.parametrize("scheme", ["https", "s3", "gs", "gcs", "abfs", "abfss", "wasbs"])
def test_by_default_everyone_reads_from_stores(scheme: str) -> None:
    assert DAEMON.refusal(f"{scheme}://loans/a") is None
    assert PERSON.refusal(f"{scheme}://loans/a") is None


def test_unencrypted_data_is_for_people_unless_it_is_named() -> None:
    assert PERSON.refusal("http://example.org/a") is None
    refused = DAEMON.refusal("http://example.org/a")
    assert refused is not None
    assert 'urls: ["http://example.org/*"]' in refused[1]
    assert UrlRules(("http://example.org/*",), is_work_tree=False).refusal("http://example.org/a") is None


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::]"])
def test_this_machine_is_for_people_unless_it_is_named(host: str) -> None:
    url = f"https://{host}/a"
    assert PERSON.refusal(url) is None
    assert DAEMON.refusal(url) is not None
    assert UrlRules(("https://*",), is_work_tree=False).refusal(url) is not None
    assert UrlRules((f"https://{host}/*",), is_work_tree=False).refusal(url) is None


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16"]
)
def test_services_of_clouds_are_asked_by_nobody(host: str) -> None:
    assert PERSON.refusal(f"http://{host}/a") is not None
    assert DAEMON.refusal(f"https://{host}/a") is not None


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://data.example.org/raw/a", True),
        ("https://data.example.org/raw/deep/a", True),
        ("https://data.example.org/a", False),
        ("https://data.example.org:8443/raw/a", False),
        ("http://data.example.org/raw/a", False),
        ("https://evil.example/data.example.org/raw/a", False),
        ("https://a.loans.example.org/x", True),
        ("https://evil.example/a.loans.example.org/", False),
        ("https://evil.example?.loans.example.org/", False),
        ("s3://loans/raw/a", True),
        ("s3://loans-of-others/a", False),
    ],
)
def test_patterns_hold_part_by_part(url: str, is_allowed: bool) -> None:
    rules = UrlRules(("https://data.example.org/raw/*", "https://*.loans.example.org/*", "s3://loans"))
    assert (rules.refusal(url) is None) == is_allowed
