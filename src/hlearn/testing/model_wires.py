"""How clients ask a model and hear its answer: the formats of four interfaces, as far as a script needs them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

_USAGE = (1000, 50)  # tokens read and written, of every answer
Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request.

    Attributes:
        beginning: what tells the conversation from others.
        results: results of tools in it so far: how far the plan has come.
        tools: names of the tools that are offered.
        images: pictures in it.
        text: the whole of it, as JSON.
        side: whether it may be a request beside the conversation, such as for a title.
    """

    beginning: str
    results: int
    tools: tuple[str, ...]
    images: int
    text: str
    side: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a tool.

    Attributes:
        more: what a wire adds, such as a namespace.
    """

    name: str
    arguments: Body
    more: tuple[tuple[str, str], ...] = ()


class Wire(Protocol):
    """One interface."""

    always_streams: bool

    def read(self, body: Body) -> Ask:
        """What is asked."""

    def shell(self, ask: Ask, command: str) -> Call:
        """The call of the client's shell."""

    def tool(self, ask: Ask, server: str, tool: str, arguments: Body) -> Call:
        """The call of an MCP server's tool."""

    def write(self, ask: Ask, text: str, call: Call | None, streamed: bool) -> bytes:
        """The answer."""


def _shell(ask: Ask, command: str) -> Call:
    names = {name.lower(): name for name in ask.tools}
    for name, key in (("exec_command", "cmd"), ("bash", "command"), ("run_shell_command", "command")):
        if name in names:
            more = {"description": "edit"} if names[name] == "Bash" else {}
            return Call(name=names[name], arguments={key: command, **more})
    for name, key in (("shell", "command"), ("run", "command")):
        if name in names:
            return Call(name=names[name], arguments={key: command})
    return Call(name="bash", arguments={"command": command})


_SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


def last_command(ask: Ask) -> str | None:
    """The command that a client wants to hear at the end in place of words (mini-swe-agent), None with others."""
    return _SUBMIT if _SUBMIT in ask.text and "bash" in ask.tools else None


def _named(ask: Ask, server: str, tool: str, arguments: Body) -> Call:
    for name in (f"mcp__{server}__{tool}", f"mcp_{server}_{tool}", f"{server}_{tool}", tool):
        if name in ask.tools:
            return Call(name=name, arguments=arguments)
    return Call(name=f"mcp__{server}__{tool}", arguments=arguments)


def _events(events: list[Body], named: bool) -> bytes:
    lines = []
    for event in events:
        if named:
            lines.append(f"event: {event['type']}")
        lines += [f"data: {json.dumps(event)}", ""]
    return ("\n".join(lines) + "\n").encode()


class ResponsesWire:
    """``POST /v1/responses``, OpenAI's."""

    always_streams = True

    def read(self, body: Body) -> Ask:
        """Tools of a server stand in a namespace."""
        items = [i for i in body.get("input", []) if isinstance(i, dict)]
        text = json.dumps(body)
        tools = tuple(str(t.get("name", t.get("type"))) for t in body.get("tools", []))
        users = [i for i in items if i.get("role") == "user"]
        return Ask(
            beginning=json.dumps(users[:3]),
            results=sum(str(i.get("type")).endswith("_call_output") for i in items),
            tools=tools,
            images=text.count('"input_image"'),
            text=text,
        )

    def shell(self, ask: Ask, command: str) -> Call:
        """The tool exec_command."""
        return _shell(ask, command)

    def tool(self, ask: Ask, server: str, tool: str, arguments: Body) -> Call:
        """Named within the server's namespace."""
        return Call(name=tool, arguments=arguments, more=(("namespace", f"mcp__{server}"),))

    def write(self, ask: Ask, text: str, call: Call | None, streamed: bool) -> bytes:
        """Created, one item, completed."""
        if call is None:
            content = [{"type": "output_text", "text": text, "annotations": []}]
            item: Body = {"type": "message", "role": "assistant", "id": "m1", "content": content}
        else:
            item = {"type": "function_call", "id": f"f{ask.results}", "call_id": f"call_{ask.results}"}
            item |= {"name": call.name, "arguments": json.dumps(call.arguments), **dict(call.more)}
        usage = {
            "input_tokens": _USAGE[0],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": _USAGE[1],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": sum(_USAGE),
        }
        answer = {"id": f"r{ask.results}", "object": "response", "model": "scripted"}
        return _events(
            [
                {"type": "response.created", "response": answer},
                {"type": "response.output_item.done", "output_index": 0, "item": item},
                {
                    "type": "response.completed",
                    "response": {**answer, "status": "completed", "output": [item], "usage": usage},
                },
            ],
            named=True,
        )


class ChatWire:
    """``POST /v1/chat/completions``, OpenAI's older interface that local servers speak."""

    always_streams = False

    def read(self, body: Body) -> Ask:
        """A conversation without tools (aider's) begins anew with each request."""
        messages = body.get("messages", [])
        text = json.dumps(body)
        tools = tuple(str(t.get("function", {}).get("name")) for t in body.get("tools", []))
        users = [m for m in messages if m.get("role") == "user"]
        return Ask(
            beginning=json.dumps((users if tools else users[-1:])[:1]) if tools else json.dumps(users),
            results=sum(m.get("role") == "tool" for m in messages),
            tools=tools,
            images=text.count('"image_url"') // 2 or text.count('"image_url"'),
            text=text,
            side="title" in text[:4000] and not tools,
        )

    def shell(self, ask: Ask, command: str) -> Call:
        """The tool bash."""
        return _shell(ask, command)

    def tool(self, ask: Ask, server: str, tool: str, arguments: Body) -> Call:
        """By whichever name it is offered."""
        return _named(ask, server, tool, arguments)

    def write(self, ask: Ask, text: str, call: Call | None, streamed: bool) -> bytes:
        """One message, whole or in pieces."""
        usage = {
            "prompt_tokens": _USAGE[0],
            "completion_tokens": _USAGE[1],
            "total_tokens": sum(_USAGE),
        }
        message: Body = {"role": "assistant", "content": text or None}
        if call is not None:
            function = {"name": call.name, "arguments": json.dumps(call.arguments)}
            message["tool_calls"] = [{"id": f"call_{ask.results}", "type": "function", "function": function}]
        reason = "stop" if call is None else "tool_calls"
        head = {"id": f"c{ask.results}", "created": 1, "model": "scripted"}
        if not streamed:
            choice = {"index": 0, "message": message, "finish_reason": reason}
            whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
            return json.dumps(whole).encode()
        head["object"] = "chat.completion.chunk"
        calls = [{"index": 0, **c} for c in message.pop("tool_calls", [])]
        delta = message | ({"tool_calls": calls} if calls else {})
        events = [
            {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
            {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]},
            {**head, "choices": [], "usage": usage},
        ]
        return _events(events, named=False) + b"data: [DONE]\n\n"


class MessagesWire:
    """``POST /v1/messages``, Anthropic's."""

    always_streams = False

    def read(self, body: Body) -> Ask:
        """Results of tools are blocks of the user's messages."""
        messages = body.get("messages", [])
        text = json.dumps(body)
        blocks = [
            b
            for m in messages
            if m.get("role") == "user" and isinstance(m.get("content"), list)
            for b in m["content"]
        ]
        users = [m for m in messages if m.get("role") == "user"]
        return Ask(
            beginning=json.dumps(users[:1]),
            results=sum(b.get("type") == "tool_result" for b in blocks),
            tools=tuple(str(t.get("name")) for t in body.get("tools", [])),
            images=text.count('"type": "image"'),
            text=text,
        )

    def shell(self, ask: Ask, command: str) -> Call:
        """The tool Bash."""
        return _shell(ask, command)

    def tool(self, ask: Ask, server: str, tool: str, arguments: Body) -> Call:
        """Named with two underscores."""
        return _named(ask, server, tool, arguments)

    def write(self, ask: Ask, text: str, call: Call | None, streamed: bool) -> bytes:
        """One block."""
        block: Body = {"type": "text", "text": text}
        if call is not None:
            block = {"type": "tool_use", "id": f"toolu_{ask.results}", "name": call.name}
            block["input"] = call.arguments
        reason = "end_turn" if call is None else "tool_use"
        usage = {"input_tokens": _USAGE[0], "output_tokens": _USAGE[1]}
        message = {"id": f"msg_{ask.results}", "type": "message", "role": "assistant", "model": "scripted"}
        if not streamed:
            whole: Body = {**message, "content": [block], "stop_reason": reason, "usage": usage}
            return json.dumps(whole).encode()
        if call is None:
            empty: Body = {"type": "text", "text": ""}
            delta = {"type": "text_delta", "text": text}
        else:
            empty = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(call.arguments)}
        begun: Body = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
        return _events(
            [
                {"type": "message_start", "message": begun},
                {"type": "content_block_start", "index": 0, "content_block": empty},
                {"type": "content_block_delta", "index": 0, "delta": delta},
                {"type": "content_block_stop", "index": 0},
                {
                    "type": "message_delta",
                    "delta": {"stop_reason": reason, "stop_sequence": None},
                    "usage": {"output_tokens": _USAGE[1]},
                },
                {"type": "message_stop"},
            ],
            named=True,
        )


class GeminiWire:
    """``POST /v1beta/models/NAME:streamGenerateContent``, Google's."""

    always_streams = True

    def read(self, body: Body) -> Ask:
        """Results of tools are parts."""
        contents, text = body.get("contents", []), json.dumps(body)
        parts = [p for c in contents for p in c.get("parts", [])]
        declared = [d for t in body.get("tools", []) for d in t.get("functionDeclarations", [])]
        return Ask(
            beginning=json.dumps([c for c in contents if c.get("role") == "user"][:2]),
            results=sum("functionResponse" in p for p in parts),
            tools=tuple(str(d.get("name")) for d in declared),
            images=text.count('"inlineData"'),
            text=text,
        )

    def shell(self, ask: Ask, command: str) -> Call:
        """The tool run_shell_command."""
        return _shell(ask, command)

    def tool(self, ask: Ask, server: str, tool: str, arguments: Body) -> Call:
        """By whichever name it is offered."""
        return _named(ask, server, tool, arguments)

    def write(self, ask: Ask, text: str, call: Call | None, streamed: bool) -> bytes:
        """One object."""
        part: Body = {"text": text}
        if call is not None:
            part = {"functionCall": {"id": f"f{ask.results}", "name": call.name, "args": call.arguments}}
        usage = {
            "promptTokenCount": _USAGE[0],
            "candidatesTokenCount": _USAGE[1],
            "totalTokenCount": sum(_USAGE),
        }
        content = {"role": "model", "parts": [part]}
        answer = {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}
        return _events([{**answer, "usageMetadata": usage}], named=False)


WIRES: tuple[tuple[str, Wire], ...] = (
    ("/responses", ResponsesWire()),
    ("/chat/completions", ChatWire()),
    ("/messages", MessagesWire()),
    (":streamGenerateContent", GeminiWire()),
)
"""The ends of the paths at which each is spoken."""
