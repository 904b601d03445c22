"""Where an endpoint is: whether private text may go there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.models.addresses import checked, host_of, own_machine
from bot.core.errors import Misconfigured


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:11434",
        "http://localhost:11434/v1",
        "http://[::1]:8080",
        "http://192.168.1.7",
        "http://10.0.0.2:8000/v1",
        "http://ollama:11434",
        "https://gpu.lan",
        "http://ollama.bots.svc.cluster.local:11434",
        "http://Ollama.Internal.",
    ],
)
def test_own_machines(address: str) -> None:
    assert own_machine(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://api.openai.com/v1",
        "https://ollama.com",
        "http://8.8.8.8:11434",
        "http://127.0.0.1@evil.example",
        "http://localhost.evil.example",
        "http://[2606:4700::1111]",
        "",
        "no address",
        "http://[bad",
    ],
)
def test_all_others_are_foreign(address: str) -> None:
    assert not own_machine(address)


@pytest.mark.parametrize("address", ["localhost:11434", "ftp://x", "http://", "http://x:99999", "http://x:port", "/v1"])
def test_what_no_client_can_use_is_refused_by_the_name_of_its_setting(address: str) -> None:
    with pytest.raises(Misconfigured, match="LLAMA_API_ENDPOINT is no address"):
        checked(address, "LLAMA_API_ENDPOINT")


def test_a_password_in_an_address_is_never_part_of_its_name() -> None:
    assert host_of("https://ann:secret@proxy.example:8443/v1") == "proxy.example"
    assert checked("https://ann:secret@proxy.example/v1/", "X").endswith("proxy.example/v1")
    with pytest.raises(Misconfigured) as raised:
        checked("ftp://ann:secret@proxy.example", "OPENAI_BASE_URL")
    assert "secret" not in str(raised.value)


@given(st.text(max_size=40))
def test_it_is_total(text: str) -> None:
    assert own_machine(text) in {True, False}


@given(st.text(st.characters(exclude_characters="/?#:@\\[]"), max_size=40))
def test_no_name_below_a_public_one_is_own(text: str) -> None:
    assert own_machine(f"http://{text}.example.com/") is False


@pytest.mark.parametrize("address", ["http://localhost:x/", "http://0:.example.com/", "http://localhost:0/"])
def test_an_address_that_does_not_hold_is_foreign(address: str) -> None:
    assert own_machine(address) is False
