"""Reading the console's memory: how games of the Atari 2600 write positions into bytes."""

from __future__ import annotations


def fine_coarse(byte: int) -> int:
    """Decodes a position kept as the video chip wants it: coarse steps of 15 and a signed fine shift.

    The low nibble counts coarse steps of 15 pixels, the high nibble is the value for the chip's horizontal
    motion register, -8 to 7, where positive moves left (Stella Programmer's Guide, Wright, 1979).

    Args:
        byte: the memory byte, 0 to 255.

    Returns:
        Pixels, about -7 to 233.
    """
    byte = int(byte)
    fine = byte >> 4
    return 15 * (byte & 15) - (fine - 16 if fine >= 8 else fine)
