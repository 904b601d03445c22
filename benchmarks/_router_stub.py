"""The server that all contestants ask: OpenAI's chat completions on the loopback, always the same answer at once."""

import json
import sys

from aiohttp import web

_HEAD = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-mini"}
_USAGE = {"prompt_tokens": 200, "completion_tokens": 50, "total_tokens": 250}
WORDS = {"few": 10, "many": 110}


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    row = {**_HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return f"data: {json.dumps(row)}\n\n".encode()


async def chat(request: web.Request) -> web.StreamResponse:
    """A plain answer, or as many chunks as the last message asks for."""
    body = await request.json()
    if not body.get("stream"):
        message = {"role": "assistant", "content": "The answer is as short as it is certain."}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response({**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _USAGE})
    answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await answer.prepare(request)
    words = WORDS["many" if "many" in str(body["messages"][-1]["content"]) else "few"]
    await answer.write(_chunk({"role": "assistant", "content": ""}))
    for number in range(words):
        await answer.write(_chunk({"content": f"word{number} "}))
    await answer.write(_chunk({}, "stop"))
    await answer.write(f"data: {json.dumps({**_HEAD, 'choices': [], 'usage': _USAGE})}\n\n".encode())
    await answer.write(b"data: [DONE]\n\n")
    return answer


def main() -> None:
    """Serve on the port of the first argument until the process is ended."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
