"""The lab as tools of the Model Context Protocol: ``hl mcp``.

Comes in: calls of an agent, over standard input and output or HTTP on loopback. Goes out: text and pictures. Whatever
is measured is charged and recorded as the verbs of ``hl`` do it; in an editor's copy the run that started it is asked.
"""
