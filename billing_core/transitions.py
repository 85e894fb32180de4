"""Tables of moves, (state, event) to next state: data that a command can draw and a test compare with the docs."""

from collections.abc import Mapping
from dataclasses import dataclass

from billing_core.errors import Refusal


class WrongState(Refusal):
    """The object is no longer in a state in which the event is possible."""

    message = "This has changed in the meantime. Please look at its present state and try again."


@dataclass(frozen=True)
class Machine:
    """A named table of moves. `initial` is where a row begins; a state without outgoing moves is final."""

    name: str
    initial: str
    moves: Mapping[tuple[str, str], str]

    @property
    def states(self) -> list[str]:
        """Every state, in order of first mention."""
        return list(dict.fromkeys([self.initial, *(s for pair, to in self.moves.items() for s in (pair[0], to))]))

    def allows(self, state: str, event: str) -> bool:
        """Whether the event is possible in the state."""
        return (state, event) in self.moves

    def after(self, state: str, event: str) -> str:
        """The state that follows. Raises WrongState where the table has no such move."""
        try:
            return self.moves[state, event]
        except KeyError:
            raise WrongState from None

    def diagram(self) -> str:
        """The table as a Mermaid state diagram, for docs/states.md."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        lines += [f"    {state} --> {to}: {event}" for (state, event), to in self.moves.items()]
        return "\n".join(lines)
