"""argon2id, as much of it at a time as the machine has cores but one: more would only make everybody wait.

Parameters: 19 MiB, 2 passes, 1 lane (OWASP's minimum for argon2id). A hash takes tens of milliseconds and 19 MiB, so an
attacker who sends many sign-ins must meet a short queue and not the whole memory. Nor all threads of the server: they
hold at most half of them, so that whoever is signed in goes on working while a storm of guesses is turned away.
"""

import os
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from billing_core.errors import TooMany

LONGEST = 128
"""Code points. Longer ones are refused, never cut off."""
LONGEST_BYTES = 1024
"""UTF-8 bytes of the normalised password."""
_most_places: int | None = None
"""How many sign-ins a process may hold at a time, at work and waiting; None: as many as its cores and queue."""
PATIENCE = 10.0
"""Seconds that a sign-in waits for its turn."""


class Hashing:
    """One set of parameters with its queue, and a hash of nothing for sign-ins that have no hash to compare with."""

    def __init__(self, memory_kib: int = 19_456, passes: int = 2, cores: int | None = None, queue: int = 16) -> None:
        at_once = cores or max((os.cpu_count() or 1) - 1, 1)
        places = min(at_once + queue, _most_places or at_once + queue)
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1, type=Type.ID)
        self._turns = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(places)
        self._nothing = self._hasher.hash(os.urandom(16))

    def demand_room(self) -> None:
        """Turn a sign-in away before anything is done for it. Raises TooMany while the queue is full."""
        if not self._places.acquire(blocking=False):
            raise TooMany(retry_after=5)
        self._places.release()

    def hash(self, password: str) -> str:
        """The hash to store. Raises TooMany when the queue is full, ValueError for a password that is too long."""
        if is_too_long(password):
            raise ValueError("a password that is too long must be refused before it is hashed")
        with self._turn():
            return self._hasher.hash(normal(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one. Without a stored hash, or with a password that is too long, the same
        work is done for nothing, so that the time tells nobody which User IDs exist. Raises TooMany.
        """
        usable = stored is not None and not is_too_long(password)
        with self._turn():
            try:
                self._hasher.verify(stored if stored and usable else self._nothing, _bounded(password))
            except (VerificationError, InvalidHashError):
                return False
        return usable

    def is_outdated(self, stored: str) -> bool:
        """Made with other parameters than today's: to be made anew while the password is at hand."""
        return self._hasher.check_needs_rehash(stored)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise TooMany(retry_after=5)
        try:
            if not self._turns.acquire(timeout=PATIENCE):
                raise TooMany(retry_after=5)
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()


def normal(password: str) -> str:
    """The one form of a password: NFKC, so that keyboards of different systems make the same one."""
    return unicodedata.normalize("NFKC", password)


def is_too_long(password: str) -> bool:
    """More than LONGEST code points or LONGEST_BYTES bytes; also what is not text at all."""
    return len(password) > LONGEST or not _is_text(password) or len(normal(password).encode()) > LONGEST_BYTES


def _is_text(password: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in password)


def _bounded(password: str) -> str:
    return "" if is_too_long(password) else normal(password)


_in_use: Hashing | None = None
_choosing = threading.Lock()


def current() -> Hashing:
    """The hashing in use, made at the first call: making it costs one hash."""
    global _in_use
    with _choosing:
        if _in_use is None:
            _in_use = Hashing()
        return _in_use


def hash_password(password: str) -> str:
    """The hash to store, see Hashing.hash."""
    return current().hash(password)


def leave_threads(threads: int) -> None:
    """Sign-ins may hold half of a server's threads from now on: the others are for those who are in."""
    global _most_places
    _most_places = max(threads // 2, 1)
    use(None)


def use(hashing: Hashing | None) -> None:
    """Use this one from now on; None: the real parameters again."""
    global _in_use
    _in_use = hashing


def use_cheap_parameters() -> None:
    """For tests only, where thousands of passwords are made and none protects anything."""
    use(Hashing(memory_kib=8, passes=1))
