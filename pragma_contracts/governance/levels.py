"""Compatibility levels: which of them promises more, and which one a subject gets."""

from dataclasses import dataclass

# What each level promises: new readers of the last version's messages, or of every version's; and old readers of new
# ones. Source: Confluent's Schema Registry documentation.
_PROMISES: dict[str, frozenset[str]] = {
    "NONE": frozenset(),
    "BACKWARD": frozenset({"backward"}),
    "BACKWARD_TRANSITIVE": frozenset({"backward", "backward to all"}),
    "FORWARD": frozenset({"forward"}),
    "FORWARD_TRANSITIVE": frozenset({"forward", "forward to all"}),
    "FULL": frozenset({"backward", "forward"}),
    "FULL_TRANSITIVE": frozenset({"backward", "backward to all", "forward", "forward to all"}),
}
LEVELS = tuple(_PROMISES)
KEEP = "keep"


@dataclass(frozen=True, slots=True)
class LevelRule:
    """Which level subjects should have.

    wanted: one of LEVELS, or "keep". lower: whether it may promise less than the one there is.
    """

    wanted: str = "BACKWARD_TRANSITIVE"
    lower: bool = False

    def level_for(self, now: str | None) -> str | None:
        """The level to set on a subject, whose own or inherited one is `now`; None to leave it alone."""
        if self.wanted in (KEEP, now) or (self.is_lower_than(now) and not self.lower):
            return None
        return self.wanted

    def is_lower_than(self, now: str | None) -> bool:
        """Whether the wanted level leaves out anything that a level promises, which may be one that we do not know."""
        if self.wanted in (KEEP, now) or now is None:
            return False
        return now not in _PROMISES or bool(_PROMISES[now] - _PROMISES[self.wanted])
