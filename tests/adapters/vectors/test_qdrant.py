"""Errors of a Qdrant server in the words of the house: without its address, its key or its answer."""

import pytest

from bot.adapters.vectors.qdrant import QdrantVectors
from bot.core.errors import Misconfigured, Unavailable

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:Api key is used with an insecure:UserWarning"),
]


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    vectors = QdrantVectors("http://127.0.0.1:9", "honeykey")
    with pytest.raises(Unavailable, match="VECTOR_DB_ENDPOINT") as raised:
        await vectors.search((0.0,) * 384, "", {"who": "ann"})
    assert "honeykey" not in str(raised.value)
    await vectors.close()


@pytest.mark.parametrize(
    ("status", "kind", "names"), [(403, Misconfigured, "VECTOR_DB_API_KEY"), (500, Unavailable, "500")]
)
async def test_what_a_server_refuses(status: int, kind: type[Exception], names: str) -> None:
    from aiohttp import web

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"status": {"error": "inner words"}}, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    vectors = QdrantVectors(f"http://127.0.0.1:{port}", "honeykey")
    with pytest.raises(kind, match=names) as raised:
        await vectors.delete(["a"])
    assert "inner words" not in str(raised.value)
    assert "honeykey" not in str(raised.value)
    await vectors.close()
    await runner.cleanup()
