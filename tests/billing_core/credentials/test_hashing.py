import threading
import time

import pytest
from argon2 import extract_parameters

from billing_core.credentials import hashing
from billing_core.credentials.hashing import Hashing
from billing_core.errors import TooMany


def test_the_real_parameters_are_those_that_owasp_names() -> None:
    parameters = extract_parameters(Hashing().hash("a password of some length"))
    assert (parameters.type.name, parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (
        "ID",
        19_456,
        2,
        1,
    )


@pytest.fixture
def cheap() -> Hashing:
    return Hashing(memory_kib=8, passes=1, cores=1, queue=1)


def test_a_password_is_the_same_however_the_keyboard_composes_it(cheap: Hashing) -> None:
    stored = cheap.hash("Zu\u0308rich liegt nicht am Meer")
    assert cheap.verify(stored, "Z\u00fcrich liegt nicht am Meer")
    assert not cheap.verify(stored, "Zurich liegt nicht am Meer")


def test_nothing_matches_nothing(cheap: Hashing) -> None:
    assert not cheap.verify(None, "whatever it may be")
    assert not cheap.verify("not a hash", "whatever it may be")


@pytest.mark.parametrize("password", ["x" * 129, "\U0001f600" * 128 + "x", "ﷺ" * 100, "\ud800" * 20, "x" * 1_000_000])
def test_what_is_too_long_is_refused_and_never_cut(cheap: Hashing, password: str) -> None:
    assert hashing.is_too_long(password)
    assert not cheap.verify(cheap.hash("x" * 128), password)
    with pytest.raises(ValueError, match="too long"):
        cheap.hash(password)


def test_all_that_fits_counts(cheap: Hashing) -> None:
    stored = cheap.hash("x" * 127 + "y")
    assert cheap.verify(stored, "x" * 127 + "y")
    assert not cheap.verify(stored, "x" * 127 + "z")


def test_hashes_of_former_parameters_are_known_as_such(cheap: Hashing) -> None:
    assert not cheap.is_outdated(cheap.hash("a"))
    assert Hashing(memory_kib=16, passes=1).is_outdated(cheap.hash("a"))


def test_no_more_hashes_at_once_than_cores_and_a_full_queue_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Hashing(memory_kib=8, passes=1, cores=2, queue=3)
    lock, running, most, results = threading.Lock(), 0, 0, []

    def slow(_stored: str, _password: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.2)
        with lock:
            running -= 1
        return True

    monkeypatch.setattr(pool, "_hasher", type("Slow", (), {"verify": staticmethod(slow)})())

    def attempt() -> None:
        try:
            outcome = "in" if pool.verify("stored", "password") else "out"
        except TooMany:
            outcome = "refused"
        with lock:
            results.append(outcome)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2
    assert results.count("in") == 5
    assert results.count("refused") == 7
    assert pool.verify("stored", "password")
