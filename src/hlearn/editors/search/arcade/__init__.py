"""The search for games with a joystick and named actions, by memory or by screen.

Comes in: a lab. Goes out: better and better readable programs. Nothing here knows a game.
"""
