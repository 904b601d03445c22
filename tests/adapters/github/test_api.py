"""The client: who it is, what it may ask, what it remembers, and that its secrets stay where they are."""

import traceback
from dataclasses import replace

import pytest

from bot.adapters.github import marks
from bot.adapters.github.api import Api
from bot.adapters.github.app_auth import AppKey, PersonalToken, library_auth
from bot.core.errors import Misconfigured, Unavailable
from bot.core.verdict import Status, Verdict
from tests.adapters.github.scene import Scene
from tests.servers.github.front import ME
from tests.servers.github.peer import private_key

pytestmark = pytest.mark.integration  # it starts servers

GATE = "megawatts/gate"
YES = Verdict("gate", Status.PASS, "yes")


def test_secrets_are_not_shown() -> None:
    key = AppKey(1, private_key(), 2)
    for shown in (repr(key), str(key), repr(PersonalToken("ghp_secret")), repr(Api(key)), repr(Api(key).calls)):
        assert "PRIVATE" not in shown
        assert "ghp_secret" not in shown


@pytest.mark.parametrize("auth", [
    PersonalToken(""), PersonalToken("two\nlines"), AppKey(1, "no key", 2), AppKey(0, "", 2), AppKey(1, "", 0),
])  # fmt: skip
def test_what_cannot_sign_is_said_at_once_with_the_fix(auth: PersonalToken | AppKey) -> None:
    key = replace(auth, private_key=private_key()) if isinstance(auth, AppKey) and not auth.private_key else auth
    with pytest.raises(Misconfigured, match=r"GITHUB_TOKEN|private key|settings page") as caught:
        library_auth(key)
    assert "two" not in str(caught.value)


def test_a_key_of_another_kind_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(Misconfigured, match="RSA"):
        library_auth(AppKey(1, pem, 2))


@pytest.mark.parametrize("url", ["", "github.com", "ftp://x"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="GITHUB_API_URL"):
        Api(PersonalToken("x"), url)


async def test_an_installation_token_that_has_run_out_is_renewed(scene: Scene) -> None:
    old = {"token": "ghs_old", "expires_at": "2020-01-01T00:00:00Z", "permissions": {}, "repository_selection": "all"}
    scene.place.hub.front.apps["ghs_old"] = ME
    scene.place.fault("POST", "/access_tokens$", 201, body=old)
    forge = scene.again()
    assert await forge.main() == await forge.main()
    tokens = [one.token for one in scene.place.hub.front.asked if scene.place.house.name in one.path]
    assert tokens[0] == "ghs_old"
    assert tokens[-1] not in {"ghs_old", ""}
    assert forge.desk.remote.token() == tokens[-1]


async def test_an_app_and_a_person_know_who_they_are(scene: Scene) -> None:
    assert (scene.forge.desk.me.login, scene.forge.desk.me.app_id) == ("megawatts[bot]", ME)
    person = scene.again(auth=scene.place.token()).desk.me
    assert (person.login, person.app_id) == ("megabot", 0)


async def test_an_enterprise_server_is_a_matter_of_its_address(scene: Scene) -> None:
    forge = scene.again(api_url=f"{scene.place.hub.url}/api/v3")
    pull, _head = await scene.opened({"c.txt": "c\n"})
    assert [p.pull for p in await forge.proposals()] == [pull]


async def test_what_did_not_change_is_free_and_counted(scene: Scene) -> None:
    first = await scene.forge.main()
    made, free = scene.forge.calls.made, scene.forge.calls.free
    assert await scene.forge.main() == first
    assert (scene.forge.calls.made - made, scene.forge.calls.free - free) == (1, 1)
    moved = await scene.main_moves({"c.txt": "c\n"})
    assert await scene.forge.main() == moved


async def test_the_evidence_is_found_behind_many_comments(scene: Scene) -> None:
    _pull, head = await scene.opened({"c.txt": "c\n"})
    await scene.again(auth=scene.place.token()).report(head, GATE, YES)
    forged = marks.written(replace(YES, because="other"), head, GATE)[0]
    noise = [{"id": n, "body": forged, "user": {"login": "eve"}} for n in range(230)]
    scene.place.house.said_on[head] = noise + scene.place.house.said_on[head]
    assert await scene.again(auth=scene.place.token()).reported(head, GATE) == YES


async def test_graphql_s_own_rate_limit_is_rested_out(scene: Scene) -> None:
    await scene.forge.main()
    body = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    scene.place.fault("POST", "/graphql", 200, body=body, headers={"retry-after": "120"})
    with pytest.raises(Unavailable, match="rate limit"):
        await scene.forge.proposals()
    before = len(scene.place.asked())
    with pytest.raises(Unavailable, match="wait"):
        await scene.forge.main()
    assert len(scene.place.asked()) == before


async def test_no_error_tells_a_secret(scene: Scene) -> None:
    forge = scene.again(auth=PersonalToken("ghp_honeytoken"), git_url=f"{scene.place.hub.url}/x.git")
    texts = []
    for call in (forge.main(), forge.fetch(scene.clone), forge.proposals()):
        with pytest.raises((Misconfigured, Unavailable)) as caught:
            await call
        texts.append("".join(traceback.format_exception(caught.value)))
    assert len(texts) == 3
    assert "honeytoken" not in "".join(texts)


def test_a_server_that_is_not_there_is_later() -> None:
    api = Api(PersonalToken("x"), "http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="no connection"):
        api.get("/user")
    with pytest.raises(Unavailable, match="no connection"):
        Api(AppKey(1, private_key(), 2), "http://127.0.0.1:1").identity()
    with pytest.raises(Unavailable, match="no connection"):
        Api(AppKey(1, private_key(), 2), "http://127.0.0.1:1").token()
