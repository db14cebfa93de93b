"""Two limbs that are mirror images: which signals and channels belong to which."""

from __future__ import annotations

from dataclasses import dataclass

from hlearn.probe.vector.sketch import FLAG, Feature, VectorFindings


@dataclass(frozen=True, slots=True, kw_only=True)
class LimbFeature:
    """One number of a limb, the same in both.

    Attributes:
        name: how programs call it: ``joint0``, ``joint0_rate``, ``contact``.
        indices: where the first and the second limb have it in the observation.
        centre: mean over the probe, both limbs together.
        scale: standard deviation over the probe, both limbs together.
    """

    name: str
    indices: tuple[int, int]
    centre: float
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limbs:
    """A body with two alike limbs.

    Attributes:
        parts: numbers of a limb, joints in order of their channels, contacts last.
        body: signals that pushes move and that belong to neither.
        channels: action channels of the first and the second limb, joint by joint.
        joints: how many joints a limb has.
    """

    parts: tuple[LimbFeature, ...]
    body: tuple[Feature, ...]
    channels: tuple[tuple[int, ...], tuple[int, ...]]
    joints: int

    def find(self, name: str) -> LimbFeature | None:
        """Returns the part of that name, None if the limbs have none."""
        return next((p for p in self.parts if p.name == name), None)

    def part(self, name: str) -> LimbFeature:
        """Returns the part of that name."""
        part = self.find(name)
        if part is None:
            raise KeyError(name)
        return part


def find_limbs(sketch: VectorFindings) -> Limbs | None:
    """Finds two alike limbs: the channels' second half drives joints a constant distance behind the first half's.

    Returns:
        None for discrete actions, an odd number of channels, or joints that do not match.
    """
    count = len(sketch.axes)
    if sketch.discrete or count < 2 or count % 2:
        return None
    driven = [find_joint(sketch, k) for k in range(count)]
    half = count // 2
    pairs = list(zip(driven[:half], driven[half:], strict=True))
    if any(a is None or b is None for a, b in pairs):
        return None
    offsets = {b[1].indices[0] - a[1].indices[0] for a, b in pairs if a and b}
    if len(offsets) != 1 or (offset := offsets.pop()) == 0:
        return None
    parts: list[LimbFeature] = []
    used: set[int] = set()
    for n, (a, b) in enumerate(pairs):
        assert a is not None and b is not None
        for suffix, first, second in (("", a[0], b[0]), ("_rate", a[1], b[1])):
            places = (first.indices[0], second.indices[0])
            if places[1] - places[0] != offset or used & set(places):
                return None
            used |= set(places)
            centre, scale = 0.5 * (first.centre + second.centre), 0.5 * (first.scale + second.scale)
            parts.append(LimbFeature(name=f"joint{n}{suffix}", indices=places, centre=centre, scale=scale))
    flags = {s.indices[0] for s in sketch.signals if s.kind == FLAG}
    contacts = [i for i in sorted(flags) if i + offset in flags and i - offset not in flags]
    for n, i in enumerate(contacts):
        name = "contact" if len(contacts) == 1 else f"contact{n}"
        parts.append(LimbFeature(name=name, indices=(i, i + offset), centre=0.0, scale=1.0))
        used |= {i, i + offset}
    moved = {name for axis in sketch.axes for name, _ in axis.drives}
    body = tuple(
        s for s in sketch.signals if s.name in moved and s.kind != FLAG and not used & set(s.indices)
    )
    channels = (tuple(range(half)), tuple(range(half, count)))
    return Limbs(parts=tuple(parts), body=body, channels=channels, joints=half)


def find_joint(sketch: VectorFindings, channel: int) -> tuple[Feature, Feature] | None:
    """The joint that a channel drives most: its position and its rate."""
    likely = sketch.joints[channel] if channel < len(sketch.joints) else None
    if likely is not None:
        return sketch.signal(likely[0]), sketch.signal(likely[1])
    for name, _ in sketch.axes[channel].drives:
        signal = sketch.signal(name)
        if signal.rate_of is not None:
            return sketch.signal(signal.rate_of), signal
    return None
