"""What an ONNX file asks for beyond itself, read from its bytes without running it.

The wire format is protocol buffers; field numbers are those of onnx/onnx.proto (Apache-2.0, the ONNX project).
"""

from __future__ import annotations

from collections.abc import Iterator

STANDARD = ("", "ai.onnx", "ai.onnx.ml")  # domains of operators that every runtime has
_DEPTH = 8
_MODEL_GRAPH, _MODEL_FUNCTIONS = 7, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_OP, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH, _ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS = 5, 6, 10, 11
_TENSOR_NAME, _TENSOR_EXTERNAL, _TENSOR_LOCATION = 8, 13, 14


class _Bad(ValueError):
    """The bytes are no such message."""


def graph_refuses(data: bytes) -> list[str]:
    """Why a graph may not be part of a program, one line each; empty where nothing speaks against it."""
    try:
        found: list[str] = []
        graphs = [value for number, value in _messages(data) if number == _MODEL_GRAPH]
        if not graphs:
            return ["it is no ONNX model: it has no graph"]
        if any(number == _MODEL_FUNCTIONS for number, _ in _messages(data)):
            found.append("it defines functions of its own; export it without")
        for graph in graphs:
            _graph(graph, found, _DEPTH)
    except (_Bad, IndexError, UnicodeDecodeError):
        return ["it is no ONNX model: its bytes cannot be read"]
    return list(dict.fromkeys(found))[:5]


def _graph(data: bytes, found: list[str], depth: int) -> None:
    if depth == 0:
        raise _Bad
    for number, value in _messages(data):
        if number == _GRAPH_NODE:
            _node(value, found, depth)
        elif number == _GRAPH_INITIALIZER:
            _tensor(value, found)
        elif number == _GRAPH_SPARSE:
            for _, tensor in _messages(value):
                _tensor(tensor, found)


def _node(data: bytes, found: list[str], depth: int) -> None:
    operator = domain = ""
    for number, value in _messages(data):
        if number == _NODE_OP:
            operator = value.decode()
        elif number == _NODE_DOMAIN:
            domain = value.decode()
        elif number == _NODE_ATTRIBUTE:
            for kind, inner in _messages(value):
                if kind in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
                    _tensor(inner, found)
                elif kind in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
                    _graph(inner, found, depth - 1)
    if domain not in STANDARD:
        found.append(
            f"operator {domain}.{operator} is no standard one; export it with the operators of ONNX alone"
        )


def _tensor(data: bytes, found: list[str]) -> None:
    name, external = "", False
    for number, value in _fields(data):
        if number == _TENSOR_NAME and isinstance(value, bytes):
            name = value.decode()
        elif number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value == 1):
            external = True
    if external:
        found.append(f"weights {name} lie in another file; export it with all weights in the one file")


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    for number, value in _fields(data):
        if isinstance(value, bytes):
            yield number, value


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Fields of a message, by number: numbers, and the bytes of what has a length."""
    place, end = 0, len(data)
    while place < end:
        tag, place = _varint(data, place)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield number, value
        elif wire == 2:
            length, place = _varint(data, place)
            if place + length > end:
                raise _Bad
            yield number, data[place : place + length]
            place += length
        elif wire in (1, 5):
            place += 8 if wire == 1 else 4
        else:
            raise _Bad


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place += 1
        if byte < 128:
            return value, place
        shift += 7
        if shift > 63:
            raise _Bad
