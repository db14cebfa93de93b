"""A program's modules together: what speaks against it, its parameters, its parts, whatever file they stand in."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hlearn.policy.onnx_graph import graph_refuses
from hlearn.policy.rewriting import ParamSpec, RuleSpec, list_rules, read_params, with_params, without_rule
from hlearn.policy.source import check_tree, imported, parse_program
from hlearn.program import (
    ASSETS,
    MOST_BYTES,
    MOST_FILES,
    MOST_NETWORK_BYTES,
    NETWORK,
    PACKAGE,
    PROGRAM_FILE,
    Module,
    Program,
)


class Parsed(NamedTuple):
    """A module and its syntax tree."""

    module: Module
    tree: ast.Module

    @property
    def imports(self) -> list[str]:
        """Names of the modules that it imports, those of the program left out."""
        return [name for node in ast.walk(self.tree) for name in imported(node)]


def limits_refuse(program: Program) -> list[str]:
    """What is too much of a program, or in a file that is not what its name says."""
    everything = {path: len(data) for path, data in program.as_files().items()}
    if len(everything) > MOST_FILES:
        return [f"the program has {len(everything)} files, the limit is {MOST_FILES}"]
    for whose, limit, sizes in (
        ("the program has", MOST_BYTES, {p: n for p, n in everything.items() if not p.endswith(NETWORK)}),
        ("networks have", MOST_NETWORK_BYTES, {p: n for p, n in everything.items() if p.endswith(NETWORK)}),
    ):
        if sum(sizes.values()) > limit:
            largest = max(sizes, key=lambda p: sizes[p])
            return [
                f"{whose} {sum(sizes.values())} bytes ({largest} alone {sizes[largest]}), the limit is {limit}"
            ]
    refusals = [
        f"{PACKAGE}/{path} is no {kind} file: its first bytes say so"
        for path, data in program.assets.items()
        for kind, start in ASSETS.items()
        if path.endswith(kind) and not data.startswith(start)
    ]
    return refusals or [
        f"{PACKAGE}/{path}: {why}"
        for path, data in program.assets.items()
        if path.endswith(NETWORK)
        for why in graph_refuses(data)
    ]


def kind_of(program: Program) -> str:
    """What decides: ``program``; ``network`` where a network is all there is; ``hybrid`` where rules use one.

    Raises:
        SyntaxError: a module does not parse.
    """
    if not any(path.endswith(NETWORK) for path in program.assets):
        return "program"
    return "hybrid" if parts_of(program) else "network"


def parse_modules(program: Program) -> list[Parsed]:
    """Parses every module of a program, the main one first.

    Raises:
        SyntaxError: and what else :func:`hlearn.policy.source.parse_program` raises; names the file.
    """
    own = own_modules(program)
    return [Parsed(m, parse_program(m.source, m.path, own)) for m in program.modules]


def own_modules(program: Program) -> frozenset[str]:
    """Names of modules that a program brings and may import; none where it is one file."""
    if not program.files:
        return frozenset()
    names = [m.name for m in program.modules]
    return frozenset(".".join(n.split(".")[:k]) for n in names for k in range(1, n.count(".") + 2))


def check_program(program: Program) -> list[str]:
    """Returns why a program may not run, one line each; empty if nothing speaks against it.

    This catches honest mistakes early and with a clear message. It is no wall: that is the sandbox.
    """
    if refusals := limits_refuse(program):
        return refusals
    own = own_modules(program)
    refusals, parsed = [], []
    for module in program.modules:
        where = _where(program, module)
        try:
            parsed.append(Parsed(module, parse_program(module.source, module.path, own)))
        except (SyntaxError, ValueError) as error:
            refusals.append(f"{where}line {getattr(error, 'lineno', 0) or 0}: does not parse: {error}")
        except (RecursionError, MemoryError):
            refusals.append(f"{where}line 0: does not parse: nested too deeply")
    return refusals or check_modules(program, parsed)


def check_modules(program: Program, parsed: Sequence[Parsed]) -> list[str]:
    """The same for modules that were parsed."""
    own = own_modules(program)
    return [
        _where(program, module) + refusal
        for module, tree in parsed
        for refusal in check_tree(tree, own, _package_of(module))
    ]


def _package_of(module: Module) -> str:
    """What relative imports of a module begin from."""
    if module.path == PROGRAM_FILE:
        return ""
    return module.name if module.is_package else module.name.rpartition(".")[0]


def reached_modules(program: Program) -> frozenset[str]:
    """Names of the program's modules that its main one imports, itself and folders on the way included.

    Raises:
        SyntaxError: a module does not parse.
    """
    modules = {m.name: m for m in program.modules}
    reached: set[str] = set()
    waiting = [PACKAGE]
    while waiting:
        name = waiting.pop()
        parts = name.split(".")
        for own in (".".join(parts[:k]) for k in range(1, len(parts) + 1)):
            if own in modules and own not in reached:
                reached.add(own)
                tree = parse_program(modules[own].source, modules[own].path, modules)
                waiting += [target for node in ast.walk(tree) for target in _targets(node, modules[own])]
    return frozenset(reached)


def _targets(node: ast.AST, module: Module) -> list[str]:
    """What an import statement of a module may load, by full names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = (node.module or "").split(".") if node.module else []
    if node.level:
        parents = _package_of(module).split(".")
        base = [*parents[: len(parents) - node.level + 1], *base]
    return [".".join(base), *(".".join([*base, alias.name]) for alias in node.names)]


def _where(program: Program, module: Module) -> str:
    return f"{module.path}, " if program.files else ""


def _key(module: Module, name: str) -> str:
    """Parts of other modules than the main one are named with their module."""
    return ".".join([*module.name.split(".")[1:], name])


def _found(program: Program, key: str) -> tuple[Module, str]:
    """The module and the name in it that a key means."""
    *parents, name = key.split(".")
    wanted = ".".join([PACKAGE, *parents])
    for module in program.modules:
        if module.name == wanted:
            return module, name
    raise KeyError(f"no module {wanted} in the program; it has: {', '.join(m.name for m in program.modules)}")


def params_of(program: Program) -> dict[str, ParamSpec]:
    """Parameters of all modules: ``aim`` of the main one, ``detectors.threshold`` of another.

    Raises:
        SyntaxError: a module does not parse.
    """
    return {
        _key(module, name): spec
        for module in program.modules
        for name, spec in read_params(module.source).items()
    }


def with_values(program: Program, values: Mapping[str, float]) -> Program:
    """The program with other values of some parameters, named as in :func:`params_of`; a child of the same parent.

    Raises:
        KeyError: there is no such parameter.
        ValueError: a value is NaN or infinite.
        SyntaxError: a module does not parse.
    """
    by_module: dict[str, dict[str, float]] = {}
    for key, value in values.items():
        module, name = _found(program, key)
        by_module.setdefault(module.path, {})[name] = value
    for module in program.modules:
        if module.path in by_module:
            program = program.with_source(module.path, with_params(module.source, by_module[module.path]))
    return program


def parts_of(program: Program) -> dict[str, RuleSpec]:
    """Detectors, rules, controllers and reflexes of all modules, named as parameters are, in the order written.

    Raises:
        SyntaxError: a module does not parse.
    """
    return {_key(module, spec.name): spec for module in program.modules for spec in list_rules(module.source)}


def without_part(program: Program, key: str) -> Program:
    """The program without one of them.

    Raises:
        KeyError: there is no such part.
        ValueError: it is a controller, without which a composed policy cannot act.
        SyntaxError: a module does not parse.
    """
    module, name = _found(program, key)
    return program.with_source(module.path, without_rule(module.source, name))
