"""A small loop of a model with tools, run in a copy: ``python -m hlearn.editors.agents.model_loop SETTINGS``.

The prompt comes on standard input, the key in a variable that no tool inherits. Each line of output is one JSON object:
``usage`` (running totals), ``tool``, ``end`` or ``error``. The loop itself is pydantic-ai's.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hlearn.editors.agents.model import KEY

_REQUESTS = 100
_SHELL_S = 600
_SHOWN = 16_000  # characters of a result
_INSTRUCTIONS = (
    "You improve a program in the current folder. Read it, change it with your tools, measure it with the shell "
    "command `hl eval . --episodes 3`, and stop when you have made one change with a reason. The files as they lie "
    "there when you stop are judged."
)


def tell(kind: str, **more: object) -> None:
    """Prints one event."""
    print(json.dumps({"type": kind, **more}), flush=True)


def read_file(path: str) -> str:
    """Read a text file."""
    return Path(path).read_text(encoding="utf-8", errors="replace")[:_SHOWN]


def write_file(path: str, content: str) -> str:
    """Write a text file, whole."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(content, encoding="utf-8")
    return f"wrote {len(content)} characters"


def replace_text(path: str, old: str, new: str) -> str:
    """Replace a text that stands exactly once in a file."""
    content = Path(path).read_text(encoding="utf-8")
    count = content.count(old)
    if count != 1:
        return f"not done: the text stands {count} times in {path}, expected once"
    Path(path).write_text(content.replace(old, new), encoding="utf-8")
    return "done"


def bash(command: str) -> str:
    """Run a shell command; its output and exit status."""
    env = {name: value for name, value in os.environ.items() if name != KEY}
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SHELL_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"ended after {_SHELL_S} s"
    return f"{done.stdout.decode(errors='replace')[-_SHOWN:]}\nexit status {done.returncode}"


def make_model(settings: dict[str, Any], key: str) -> Any:
    """The model behind its wire."""
    if settings["wire"] == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        if settings["base_url"] is None:
            return AnthropicModel(settings["model"], provider=AnthropicProvider(api_key=key))
        from anthropic import AsyncAnthropic

        client = AsyncAnthropic(api_key=key, base_url=settings["base_url"], max_retries=2)
        return AnthropicModel(settings["model"], provider=AnthropicProvider(anthropic_client=client))
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    return OpenAIChatModel(
        settings["model"], provider=OpenAIProvider(base_url=settings["base_url"], api_key=key)
    )


async def converse(settings: dict[str, Any], key: str, prompt: str) -> int:
    """Talks until the model ends; returns the exit status."""
    from pydantic_ai import Agent, BinaryContent
    from pydantic_ai.exceptions import ModelHTTPError, UsageLimitExceeded
    from pydantic_ai.usage import UsageLimits

    tools: list[Any] = [read_file, write_file, replace_text, bash]
    agent: Any = Agent(make_model(settings, key), instructions=_INSTRUCTIONS, tools=tools)
    pictures = [BinaryContent(Path(p).read_bytes(), media_type="image/png") for p in settings["images"]]
    try:
        async with agent.iter([prompt, *pictures], usage_limits=UsageLimits(request_limit=_REQUESTS)) as run:
            async for _ in run:
                usage = run.usage() if callable(run.usage) else run.usage
                tell("usage", input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
        tell("end", text=str(run.result.output))
    except ModelHTTPError as error:
        tell("error", status=error.status_code, message=str(error))
        return 1
    except UsageLimitExceeded as error:
        tell("error", limit=True, message=str(error))
        return 1
    except Exception as error:  # noqa: BLE001 - the border of the process: what failed is told as an event
        tell("error", message=f"{type(error).__name__}: {error}")
        return 1
    return 0


def main() -> int:
    """Reads settings, key and prompt."""
    settings = json.loads(Path(sys.argv[1]).read_text())
    key = os.environ.pop(KEY, "none")
    return asyncio.run(converse(settings, key, sys.stdin.read()))


if __name__ == "__main__":
    sys.exit(main())
