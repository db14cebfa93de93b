"""The ``hl`` command: words on a command line become calls of the library, results become text or one JSON object.

Comes in: the command line. Goes out: exit code 0 done, 1 the answer is no, 2 wrong usage, 3 harness fault, 130 stopped.
Each verb is a function; heavy libraries load inside it, so that ``--help`` stays quick.
"""
