"""One call of a model through pydantic-ai: our request in its words, its answer in ours.

The model layer of pydantic-ai is used without its `Agent`: the loop is `kernel`, because a chain of providers, a race
between two and a budget sit between loop and model, and because the graph that an `Agent` builds for each run takes
more processor time than the call itself (docs/benchmarks.md).
"""

from collections.abc import Sequence
from typing import Any

from pydantic_ai import direct
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    SystemPromptPart,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from bot.agent.wire import Call, Heard, Request, Response
from bot.core.model import ToolSchema


def opening(system: str, user: str) -> ModelRequest:
    """The first message of a turn."""
    return ModelRequest(parts=[SystemPromptPart(system), UserPromptPart(user)])


def returned(results: Sequence[tuple[Call, str]]) -> ModelRequest:
    """What the tools said, one for each call: a call without its answer is refused by every provider."""
    return ModelRequest(
        parts=[ToolReturnPart(tool_name=call.name, content=said, tool_call_id=call.id) for call, said in results]
    )


def reminded(text: str) -> ModelRequest:
    """A word of ours to the model."""
    return ModelRequest(parts=[UserPromptPart(text)])


async def call(model: Model, request: Request, heard: Heard, settings: ModelSettings | None = None) -> Response:
    """One request. Raises what the model raises: the provider's adapter maps it."""
    parameters = ModelRequestParameters(function_tools=[_defined(tool) for tool in request.tools])
    chosen: ModelSettings = {"max_tokens": request.most_tokens, **(settings or {})}
    if not request.stream:
        plain = await direct.model_request(
            model, request.messages, model_settings=chosen, model_request_parameters=parameters
        )
        return _response(plain)
    async with direct.model_request_stream(
        model, request.messages, model_settings=chosen, model_request_parameters=parameters
    ) as stream:
        grown = ""
        async for event in stream:
            piece = _piece(event)
            if piece is None:
                continue
            grown += piece
            await heard(grown)
        return _response(stream.get())


def _piece(event: Any) -> str | None:
    """The text that an event adds; an empty one for a tool call that begins; None for all else."""
    if isinstance(event, PartDeltaEvent):
        return event.delta.content_delta or None if isinstance(event.delta, TextPartDelta) else None
    if isinstance(event, PartStartEvent):
        if isinstance(event.part, TextPart):
            return event.part.content or None
        return "" if isinstance(event.part, ToolCallPart) else None
    return None


def _response(message: ModelResponse) -> Response:
    text, calls = [], []
    for part in message.parts:
        if isinstance(part, TextPart):
            text.append(part.content)
        elif isinstance(part, ToolCallPart):
            given = part.args if isinstance(part.args, str) else dict(part.args or {})
            calls.append(Call(part.tool_call_id, part.tool_name, given))
    usage = message.usage
    return Response("".join(text).strip(), tuple(calls), message, usage.input_tokens, usage.output_tokens)


def _defined(tool: ToolSchema) -> ToolDefinition:
    return ToolDefinition(
        name=tool.name, description=tool.description, parameters_json_schema=dict(tool.parameters), strict=False
    )
