import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.web.callers import loopback, refused


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "LOCALHOST"])
def test_what_only_this_machine_reaches(host: str) -> None:
    assert loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "0.0.0.0", "::", "10.0.0.1", "192.168.1.9", "localhost.evil.example", "127.0.0.1.evil.example", "127.1"],
)
def test_what_others_may_reach_or_nobody_can_say(host: str) -> None:
    assert not loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:8080", "[::1]:8080", "[::1]", ""])
def test_a_program_on_this_machine_is_heard(host: str) -> None:
    assert refused({"Host": host}) == ""
    assert refused({}) == ""
    assert refused({"Host": host, "Sec-Fetch-Site": "none"}) == "", "an address that a person typed"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "[::1", "10.0.0.1:8080"],
)
def test_a_name_that_was_pointed_here_is_refused(host: str) -> None:
    assert "loopback" in refused({"Host": host})


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_in_the_browser_is_refused(headers: dict[str, str]) -> None:
    assert "Web pages" in refused({"Host": "127.0.0.1:8080", **headers})


@given(st.text(max_size=40))
def test_whatever_is_named_there_is_an_answer_and_nothing_is_echoed(host: str) -> None:
    said = refused({"Host": host})
    assert said in {"", "Only requests to localhost or a loopback address are answered here."}
