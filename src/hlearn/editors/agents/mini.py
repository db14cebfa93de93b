"""mini-swe-agent: ``mini -y --exit-immediately``.

One tool, a shell. It has limits of its own and keeps its course in a file after each step, with the usage of each
answer; its exit status is 0 where a limit ended it. It knows neither servers nor pictures.
"""

from __future__ import annotations

import json
from pathlib import Path

from hlearn.editors.agents.client import ClientStart, Errand, executable
from hlearn.editors.agents.events import amount, child, whole, words
from hlearn.editors.agents.faults import fault_of_text
from hlearn.editors.in_copy import Told
from hlearn.editors.transcript import Json, Transcript
from hlearn.ledger import Refusal
from hlearn.records import Cost

_COURSE = "course.json"
_STEPS = 200
_LIMITS = {"LimitsExceeded": Refusal.LIMITED, "TimeExceeded": Refusal.TIMED_OUT}


class Mini:
    """Adapter."""

    name = "mini"
    install = "pip install mini-swe-agent mcp (in an environment of its own)"
    keys: tuple[str, ...] = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
    logins: tuple[str, ...] = ()

    def find(self) -> Path | None:
        """The command on PATH."""
        return executable("mini")

    def start(self, errand: Errand) -> ClientStart:
        """Everything are arguments and variables."""
        endpoint, model = errand.endpoint, errand.endpoint.model
        env = {
            "MSWEA_CONFIGURED": "true",
            "MSWEA_COST_TRACKING": "ignore_errors",
            "MSWEA_SILENT_STARTUP": "1",
            "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "2",
            "MSWEA_GLOBAL_CONFIG_DIR": str(errand.home),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        if endpoint.base_url is not None:
            model = f"openai/{model or 'default'}"
            env |= {"OPENAI_API_BASE": endpoint.openai_url or "", "OPENAI_API_KEY": endpoint.key or "none"}
        elif endpoint.key is not None:
            vendor = "ANTHROPIC" if "claude" in (model or "") else "OPENAI"
            env[f"{vendor}_API_KEY"] = endpoint.key
        argv = ["-y", "--exit-immediately", "-o", str(errand.home / _COURSE), "-c", "mini.yaml"]
        argv += ["-c", f"agent.step_limit={_STEPS}", "-c", "environment.timeout=300"]
        argv += ["-c", f"agent.wall_time_limit_seconds={int(errand.limit_s)}"]
        argv += ["-c", f"agent.cost_limit={errand.usd or 0.0:.4f}"]  # 0: none, in place of its own 3 dollars
        argv += ["-m", model] if model else []
        return ClientStart(argv=(*argv, "-t", errand.prompt), env=env)

    def read(self, errand: Errand, output: Transcript) -> Told:
        """Sums over the answers in its course."""
        try:
            course: Json = json.loads((errand.home / _COURSE).read_text(errors="replace"))
        except (OSError, ValueError):
            text = output.content()[-2000:].decode(errors="replace")
            return Told(fault=fault_of_text(text), said=text)
        cost = Cost(usd=amount(course, "info", "model_stats", "instance_cost"))
        messages = child(course, "messages")
        for message in messages if isinstance(messages, list) else []:
            usage = child(message, "extra", "response", "usage")
            cost += Cost(
                input_tokens=whole(usage, "prompt_tokens") or whole(usage, "input_tokens"),
                output_tokens=whole(usage, "completion_tokens") or whole(usage, "output_tokens"),
            )
        status = words(course, "info", "exit_status")
        if status == "Submitted":
            return Told(cost=cost, said=words(course, "info", "submission") or status)
        last = messages[-1] if isinstance(messages, list) and messages else None
        said = f"{status}: {words(last, 'extra', 'exception_str')}".strip(": ")
        return Told(cost=cost, fault=_LIMITS.get(status) or fault_of_text(said), said=said)
