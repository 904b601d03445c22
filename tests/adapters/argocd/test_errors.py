"""Argo CD's refusals in the house's words, and what is refused before anything is sent."""

import json
import re

import pytest

from bot.adapters.argocd.client import Target
from bot.adapters.argocd.errors import Call, Missing, NotPermitted, Refused, failure, streamed
from bot.adapters.argocd.transport import Server
from bot.core.errors import Denied, MegawattsError, Misconfigured, Unavailable

CALL = Call("roll back app", "applications, sync", "app", "proj")
HIDDEN = Call("read app", "applications, get", "app")


def answer(code: int, message: str) -> bytes:
    return json.dumps({"error": message, "code": code, "message": message}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (401, answer(16, "invalid session: token has expired"), Misconfigured, "token has expired.*ARGOCD_AUTH_TOKEN"),
        (403, answer(7, "permission denied: applications, sync, p/a"), NotPermitted, "applications, sync` on `p/a"),
        (403, answer(7, "permission denied"), NotPermitted, "`applications, sync` on application app"),
        (403, answer(7, "cannot sync: blocked by sync window"), Refused, "blocked by sync window"),
        (404, answer(5, 'applications.argoproj.io "app" not found'), Missing, "ARGOCD_APPLICATION"),
        (400, answer(9, "rollback cannot be initiated when auto-sync is enabled"), Refused, "auto-sync is enabled"),
        (412, answer(9, "another operation is already in progress"), Refused, "another operation"),
        (409, answer(10, "the object has been modified"), Refused, "modified"),
        (400, answer(3, "does not have deployment with id 9"), Refused, "id 9"),
        (500, answer(2, "boom"), Unavailable, "500"),
        (502, b"<html>bad gateway</html>", Unavailable, "502"),
        (503, b"", Unavailable, "no reason given"),
        (504, answer(4, "deadline"), Unavailable, "deadline"),
        (429, answer(8, "slow down"), Unavailable, "429"),
        (302, b"", Misconfigured, "redirect"),
        (500, answer(7, "permission denied: applications, get, proj/app"), NotPermitted, "applications, get"),
        (500, b'[1, "x"]', Unavailable, "no reason given"),
    ],
)  # fmt: skip
def test_each_answer_has_its_error(status: int, body: bytes, kind: type[MegawattsError], says: str) -> None:
    error = failure(status, body, CALL)
    assert type(error) is kind
    assert re.search(says, str(error))


def test_a_refusal_that_may_be_a_missing_application_says_so_only_without_a_project() -> None:
    assert "set ARGOCD_PROJECT" in str(failure(403, answer(7, "permission denied"), HIDDEN))
    assert "set ARGOCD_PROJECT" not in str(failure(403, answer(7, "permission denied"), CALL))


@pytest.mark.parametrize(("given", "seconds"), [("7", 7.0), ("Wed, 21 Oct 2026", None), (None, None), ("-1", None)])
def test_when_to_come_back(given: str | None, seconds: float | None) -> None:
    error = failure(429, b"{}", CALL, given)
    assert isinstance(error, Unavailable)
    assert error.retry_after == seconds


def test_what_the_server_says_is_cut_and_cleaned() -> None:
    text = str(failure(400, answer(9, "a\n\u202eb" + "x" * 5000), CALL))
    assert len(text) < 500
    assert "\n" not in text
    assert "\u202e" not in text


def test_errors_within_a_stream() -> None:
    gone = streamed({"grpc_code": 16, "http_code": 401, "message": "token is expired"}, CALL)
    assert isinstance(gone, Misconfigured)
    assert isinstance(streamed({"grpc_code": 7, "http_code": 403, "message": "permission denied"}, CALL), Denied)
    assert isinstance(streamed({"message": "?", "http_code": "x"}, CALL), Unavailable)


class TestServer:
    @pytest.mark.parametrize(
        ("given", "url"),
        [
            ("argocd.example.org", "https://argocd.example.org"),
            ("argocd.example.org:8443/", "https://argocd.example.org:8443"),
            ("https://x.example/argo", "https://x.example/argo"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost", "http://localhost"),
            ("http://argocd-server.argocd.svc", "http://argocd-server.argocd.svc"),
        ],
    )
    def test_addresses(self, given: str, url: str) -> None:
        assert Server.at(given, "token").url == url

    @pytest.mark.parametrize(
        "given",
        ["", "https://", "ftp://x", "http://argocd.example.org", "https://u:p@x", "https://x?y", "https://x:y", "http://[::1"],
    )  # fmt: skip
    def test_what_is_no_safe_address(self, given: str) -> None:
        with pytest.raises(Misconfigured, match="ARGOCD_SERVER"):
            Server.at(given, "secret-token")

    @pytest.mark.parametrize("token", ["", "  ", "a b", "a\nb", "ä"])
    def test_what_is_no_token_is_not_shown(self, token: str) -> None:
        with pytest.raises(Misconfigured, match="ARGOCD_AUTH_TOKEN") as caught:
            Server.at("x.example", token)
        assert not token.strip() or token not in str(caught.value)

    def test_the_token_is_never_printed(self) -> None:
        assert "s3cret" not in repr(Server.at("x.example", "s3cret"))


@pytest.mark.parametrize(
    ("name", "namespace", "project", "setting"),
    [
        ("../x", "", "", "ARGOCD_APPLICATION"),
        ("", "", "", "ARGOCD_APPLICATION"),
        ("A", "", "", "ARGOCD_APPLICATION"),
        ("a", "x/y", "", "ARGOCD_NAMESPACE"),
        ("a", "", "p?q", "ARGOCD_PROJECT"),
    ],
)
def test_names_that_would_change_the_path(name: str, namespace: str, project: str, setting: str) -> None:
    with pytest.raises(Misconfigured, match=setting):
        Target(name, namespace, project)
