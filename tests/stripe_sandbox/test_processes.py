"""Several processes on one file."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import stripe

from tests.stripe_sandbox.till import Till

PROCESSES, THREADS = 2, 4


def open_and_pay(path: Path, session_id: str, token: str) -> list[str]:
    """One process: four threads send the same form and ask for one session under one key."""
    till = Till(path)

    def attempt(_: int) -> str:
        sent = till.browser.post(
            f"/sandbox/pay/{session_id}", data={"card": "pm_card_visa", "page_token": token}
        ).status_code
        try:
            return f"{sent} {till.open(key='same').id}"
        except stripe.APIError as busy:
            return f"{sent} {busy.http_status}"

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(attempt, range(THREADS)))


def test_two_processes_pay_once_and_open_once(till: Till) -> None:
    session = till.open()
    token = till.token(session)
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        runs = [pool.submit(open_and_pay, till.path, session.id, token) for _ in range(PROCESSES)]
        outcomes = [outcome for run in runs for outcome in run.result()]
    assert len(outcomes) == PROCESSES * THREADS
    assert {outcome.split()[0] for outcome in outcomes} == {"303"}
    opened = {outcome.split()[1] for outcome in outcomes} - {"409"}
    assert len(opened) == 1
    assert len(till.client.v1.checkout.sessions.list().data) == 2
    assert len(till.client.v1.charges.list().data) == 1
    assert len(till.events("checkout.session.completed")) == 1
