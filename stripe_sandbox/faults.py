"""Misbehaviour on demand: time-outs, stored 500s, refusals, torn answers, and webhooks doubled, late or silent.

Faults lie in the sandbox's file, so that a test may set one in its own process and see it strike in a server's.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from stripe_sandbox.store import Store, Unit

WEBHOOKS = "webhooks"
KEPT_BACK = "kept_back"
A_DAY = 86_400
ANY_CALL = "*"


class Fault(StrEnum):
    """How a call goes wrong. An answer that lies under its key already is still lost, torn, late or hidden by a 500."""

    TIMES_OUT_BEFORE = "times_out_before"  # nothing happened, no answer came
    TIMES_OUT_AFTER = "times_out_after"  # it happened, no answer came
    SERVER_ERROR_BEFORE = "server_error_before"  # nothing happened; 500, and the same 500 for each repeat of the key
    SERVER_ERROR_AFTER = "server_error_after"  # it happened; 500, and the same 500 for each repeat of the key
    RATE_LIMITED = "rate_limited"  # nothing happened; 429, not stored
    IN_CONFLICT = "in_conflict"  # nothing happened; 409, not stored, as if another call held the key
    CUT_OFF = "cut_off"  # it happened; the connection broke in the middle of the answer
    SLOW = "slow"  # it happens and is answered, after `seconds`, with the key claimed and no lock held


@dataclass(frozen=True)
class Struck:
    """What happens to one call; nothing where no fault waited for it."""

    fault: Fault | None = None
    seconds: float = 0.0

    @property
    def hides_the_answer(self) -> bool:
        """A 500 comes instead of what would have been said."""
        return self.fault in (Fault.SERVER_ERROR_BEFORE, Fault.SERVER_ERROR_AFTER)


@dataclass(frozen=True)
class WebhookFault:
    copies: int
    delay_seconds: float


class Faults:
    """The switches. A fault strikes once, or `times` times, and is then gone."""

    def __init__(self, store: Store, calls: Collection[str]) -> None:
        self._store = store
        self._calls = frozenset(calls)

    def next_call(self, call: str, fault: Fault, *, times: int = 1, seconds: float = 0.0) -> None:
        """Lets the next `times` calls go wrong. `call` is the SDK's name of it, as in `checkout.sessions.create`; `*`
        is whatever call comes next.

        The SDK repeats a call that got no answer, under the same key: `times` must outnumber its repeats to be felt.
        """
        if call not in self._calls and call != ANY_CALL:
            raise ValueError(f"{call!r} is not a call of the sandbox; there are {', '.join(sorted(self._calls))}")
        self._add(call, Fault(fault), times, seconds)

    def duplicate_webhook(self, event_type: str = "*", *, times: int = 1) -> None:
        """Lets the next event of that type be delivered twice."""
        self._add(f"{WEBHOOKS}:{event_type}", "duplicate", times, 0.0)

    def delay_webhook(self, seconds: float, event_type: str = "*", *, times: int = 1) -> None:
        """Holds the next event of that type back, so that later ones overtake it."""
        self._add(f"{WEBHOOKS}:{event_type}", "delay", times, seconds)

    def keep_webhooks_back(self, days: float, event_type: str = "*") -> None:
        """Keeps every webhook of that type (`charge.*` is a family) back for so many days of the sandbox's clock, from
        now on and until `clear`; then it is delivered as any other."""
        self._add(f"{KEPT_BACK}:{event_type}", "delay", 1, days * A_DAY)

    def prune_keys(self, before: float | None = None) -> int:
        """Forgets the idempotency keys that were first used before the moment, in seconds since the epoch; without one
        all of them. Returns how many. A call under a forgotten key takes effect anew, as with Stripe after a day."""
        with self._store.writing() as unit:
            moment = unit.moment + 1 if before is None else before
            return unit.sql.execute("DELETE FROM kept_answer WHERE created < ?", (moment,)).rowcount

    def webhooks_off(self) -> None:
        """Delivers nothing until `webhooks_on`; events go on being recorded and wait."""
        with self._store.writing() as unit:
            unit.sql.execute("DELETE FROM fault WHERE call = ?", (WEBHOOKS,))
            unit.sql.execute("INSERT INTO fault (call, kind, remaining, seconds) VALUES (?, 'off', 1, 0)", (WEBHOOKS,))

    def webhooks_on(self) -> None:
        with self._store.writing() as unit:
            unit.sql.execute("DELETE FROM fault WHERE call = ?", (WEBHOOKS,))

    def clear(self) -> None:
        with self._store.writing() as unit:
            unit.sql.execute("DELETE FROM fault")

    def waiting(self) -> list[tuple[str, str, int]]:
        """What has yet to strike: call, fault, how many times."""
        with self._store.reading() as unit:
            return unit.sql.execute("SELECT call, kind, remaining FROM fault ORDER BY seq").fetchall()

    def _add(self, call: str, kind: str, times: int, seconds: float) -> None:
        if times < 1 or seconds < 0:
            raise ValueError("A fault strikes at least once and lasts no negative time")
        with self._store.writing() as unit:
            unit.sql.execute(
                "INSERT INTO fault (call, kind, remaining, seconds) VALUES (?, ?, ?, ?)", (call, kind, times, seconds)
            )


def strike(store: Store, call: str) -> Struck:
    """Takes the oldest fault that waits for this call; costs a read where none waits."""
    with store.reading() as unit:
        waiting = "SELECT 1 FROM fault WHERE call IN (?, ?) LIMIT 1"
        if unit.sql.execute(waiting, (call, ANY_CALL)).fetchone() is None:
            return Struck()
    with store.writing() as unit:
        taken = _take(unit, call, ANY_CALL)
    return Struck() if taken is None else Struck(Fault(taken[0]), taken[1])


def webhook_fault(unit: Unit, event_type: str) -> WebhookFault:
    taken = _take(unit, f"{WEBHOOKS}:*", f"{WEBHOOKS}:{event_type}")
    kind, seconds = taken or ("", 0.0)
    kept_back = unit.sql.execute(
        "SELECT COALESCE(MAX(seconds), 0) FROM fault WHERE call GLOB ? AND ? GLOB call",
        (f"{KEPT_BACK}:*", f"{KEPT_BACK}:{event_type}"),
    ).fetchone()[0]
    delay = max(seconds if kind == "delay" else 0.0, float(kept_back))
    return WebhookFault(copies=2 if kind == "duplicate" else 1, delay_seconds=delay)


def webhooks_are_off(unit: Unit) -> bool:
    return unit.sql.execute("SELECT 1 FROM fault WHERE call = ?", (WEBHOOKS,)).fetchone() is not None


def _take(unit: Unit, call: str, or_call: str) -> tuple[str, float] | None:
    row = unit.sql.execute(
        "SELECT seq, kind, remaining, seconds FROM fault WHERE call IN (?, ?) ORDER BY seq LIMIT 1",
        (call, or_call),
    ).fetchone()
    if row is None:
        return None
    seq, kind, remaining, seconds = row
    if remaining > 1:
        unit.sql.execute("UPDATE fault SET remaining = remaining - 1 WHERE seq = ?", (seq,))
    else:
        unit.sql.execute("DELETE FROM fault WHERE seq = ?", (seq,))
    return str(kind), float(seconds)
