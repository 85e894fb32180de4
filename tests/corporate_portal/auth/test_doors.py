"""Sign-in pages of the portal, My Account and the desk."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import sqrt
from statistics import NormalDist, median
from time import perf_counter

import pytest
import time_machine
from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.credentials import hashing, throttles
from billing_core.credentials.models import Password, SignInSession
from billing_core.people import BillingContact, Person
from tests.billing_core.credentials.observing import statements
from tests.client import Client, Page
from tests.conftest import Database
from tests.factories import core as make

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def people(database: Database) -> dict[str, Person]:
    """One person for each reason to be refused at the portal; all have the same password."""
    found = {
        "anna": make.contact(make.account(), make.person("Anna Schmidt", "anna")),
        "passwordless": make.contact(make.account(), make.person(user_id="passwordless", password=None)),
        "disabled": make.contact(make.account(), make.person(user_id="disabled", disabled_at=clock.now())),
        "removed": make.contact(make.account(), make.person(user_id="removed"), removed_at=clock.now()),
        "online": make.contact(make.account(kind="online"), make.person(user_id="online")),
        "member": make.member(make.account(), make.person(user_id="member")),
        "closed": make.contact(make.account(closed_on=NOON.date()), make.person(user_id="closed")),
        "rep": make.staff(user_id="rep"),
    }
    assert all(found.values())
    return found


REFUSED = ["nobody", "passwordless", "disabled", "removed", "online", "member", "closed", "rep"]


def attempt(client: Client, user_id: str, password: str = make.PASSWORD, path: str = "/sign-in", **extra: str) -> Page:
    return client.post(path, {"user_id": user_id, "password": password, **extra})


def masked(page: Page, user_id: str) -> str:
    """The body without the token and without what the reader has typed."""
    body = re.sub(r'(name="csrf_token"[^>]*value=")[^"]+', r"\1", page.text)
    return body.replace(f'value="{user_id}"', 'value="typed"')


def test_the_page_says_what_to_enter_and_offers_a_new_password(client: Client, database: Database) -> None:
    page = client.get("/sign-in")
    labels = [label.get_text(" ", strip=True) for label in page.html.select("main label")]
    assert labels == ["User ID (username or e-mail)", "Password"]
    assert page.html.find("a", string="Reset/Create your password") or "Reset/Create your password" in page.words
    assert "support@northgate.example" in page.words


def test_a_contact_gets_in_and_lands_where_they_wanted(client: Client, people: dict[str, Person]) -> None:
    assert client.get("/profile").location == "/sign-in?next=/profile"
    page = client.get("/sign-in?next=/profile")
    page = client.post("/sign-in", page.form() | {"user_id": "ANNA", "password": make.PASSWORD})
    assert page.status == 303
    assert page.location == "/profile"
    assert client.follow(page).h1 == "Profile"


def test_without_a_wish_a_contact_lands_at_the_quotes(client: Client, people: dict[str, Person]) -> None:
    assert attempt(client, "anna").location == "/quotes"
    assert client.get("/sign-in").location == "/quotes"


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/%2f/evil.example", "/a\tb", "javascript:1"],
)
def test_a_wish_to_go_elsewhere_is_ignored(client: Client, people: dict[str, Person], target: str) -> None:
    page = client.get("/sign-in", query_string={"next": target})
    assert "next" not in page.form()
    assert attempt(client, "anna", next=target).location == "/quotes"
    assert client.get("/sign-in", query_string={"next": target}).location == "/quotes"


OTHER_DOORS = {
    "/my-account/sign-in": ("member", ["nobody", "passwordless", "disabled", "rep"]),
    "/desk/sign-in": ("rep", ["nobody", "passwordless", "disabled", "anna", "online", "member"]),
}


@pytest.mark.parametrize("door", OTHER_DOORS)
def test_the_other_doors_give_one_answer_to_the_byte_too(client: Client, people: dict[str, Person], door: str) -> None:
    welcome, refused = OTHER_DOORS[door]
    seen = set()
    for user_id in [welcome, *refused]:
        browser = Client(client.app)
        password = "not the password at all" if user_id == welcome else make.PASSWORD
        token = browser.token(browser.get(door))
        with statements() as ran:
            page = attempt(browser, user_id, password, door, csrf_token=token)
        headers = tuple(name for name, _ in page.response.headers)
        seen.add((page.status, headers, masked(page, user_id), tuple(ran)))
    assert len(seen) == 1
    assert attempt(client, welcome, path=door).status == 303


def test_every_cause_of_a_failure_gives_one_answer_to_the_byte(client: Client, people: dict[str, Person]) -> None:
    answers, ran_for = {}, {}
    for user_id in ["anna", *REFUSED]:
        browser = Client(client.app)
        password = "not her password at all" if user_id == "anna" else make.PASSWORD
        token = browser.token(browser.get("/sign-in"))
        with statements() as ran:
            page = attempt(browser, user_id, password, csrf_token=token)
        headers = [name for name, _ in page.response.headers]
        answers[user_id] = (page.status, tuple(headers), masked(page, user_id))
        ran_for[user_id] = tuple(ran)
    assert len(set(answers.values())) == 1
    assert len(set(ran_for.values())) == 1
    status, _, body = answers["nobody"]
    assert status == 400
    assert "The User ID or the password is not right" in body
    assert "does not belong to a billing contact of a corporate account" in body
    assert "Reset/Create your password" in body


def test_the_failure_is_said_in_german_too(client: Client, database: Database) -> None:
    client.post("/language", {"language": "de"}, page=client.get("/sign-in"))
    page = attempt(client, "niemand")
    assert "Die Benutzer-ID oder das Kennwort stimmt nicht" in page.words
    assert "Kennwort zurücksetzen/erstellen" in page.words


def test_what_was_typed_stays_but_never_the_password(client: Client, people: dict[str, Person]) -> None:
    page = attempt(client, "anna", "not her password at all")
    assert page.form()["user_id"] == "anna"
    assert page.form()["password"] == ""
    assert "not her password" not in page.text


@pytest.mark.parametrize(
    ("user_id", "password", "sentence"),
    [
        ("", make.PASSWORD, "Enter your User ID."),
        ("   ", make.PASSWORD, "Enter your User ID."),
        ("anna", "", "Enter your password."),
        ("x" * 255, make.PASSWORD, "Please use at most 254 characters."),
        ("an\x00na", make.PASSWORD, "characters that cannot be used"),
        ("an\x1bna", make.PASSWORD, "characters that cannot be used"),
    ],
)
def test_bad_input_is_said_beside_the_field(
    client: Client, people: dict[str, Person], user_id: str, password: str, sentence: str
) -> None:
    page = attempt(client, user_id, password)
    assert page.status == 400
    assert sentence in page.words
    assert page.html.select_one("[aria-invalid=true]") is not None
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignInSession)) == 0


@pytest.mark.parametrize("password", ["x" * 20_000, "\x00" * 50, "\U0001f600" * 400, "' OR 1=1 --", "   "])
def test_any_password_may_be_tried(client: Client, people: dict[str, Person], password: str) -> None:
    assert attempt(client, "anna", password).status == 400


def test_a_form_without_its_token_or_with_an_old_one_is_refused(client: Client, people: dict[str, Person]) -> None:
    data = {"user_id": "anna", "password": make.PASSWORD}
    assert client.browser.post("/sign-in", data=data).status_code == 400
    assert client.browser.post("/sign-in", data=data | {"csrf_token": "x"}).status_code == 400
    assert client.get("/profile").status == 303


def test_the_throttle_is_said_and_ends_by_itself(client: Client, people: dict[str, Person]) -> None:
    with time_machine.travel(NOON, tick=False) as moving:
        for user_id in ("anna", "nobody"):
            for _ in range(5):
                assert attempt(client, user_id, "not the password, no").status == 400
            page = attempt(client, user_id)
            assert (page.status, page.response.headers["Retry-After"]) == (429, "30")
            assert "Please wait a minute and try again." in page.words
        moving.shift(timedelta(seconds=30))
        assert attempt(client, "anna").status == 303


def test_a_forged_forwarding_header_changes_nothing(client: Client, people: dict[str, Person]) -> None:
    outcomes = [
        client.post(
            "/sign-in",
            {"user_id": f"somebody{n}", "password": "whatever it may be"},
            headers={"X-Forwarded-For": f"198.51.100.{n}"},
        ).status
        for n in range(21)
    ]
    assert outcomes == [400] * 20 + [429]


def test_each_door_opens_for_its_own_people(client: Client, people: dict[str, Person]) -> None:
    outcomes = {
        path: {user_id for user_id in people if attempt(Client(client.app), user_id, path=path).status == 303}
        for path in ("/sign-in", "/my-account/sign-in", "/desk/sign-in")
    }
    assert outcomes == {
        "/sign-in": {"anna"},
        "/my-account/sign-in": {"anna", "removed", "online", "member", "closed"},
        "/desk/sign-in": {"rep"},
    }


@pytest.mark.parametrize("path", ["/desk/sign-in", "/my-account/sign-in"])
def test_the_other_doors_do_not_speak_of_corporate_accounts(client: Client, database: Database, path: str) -> None:
    page = attempt(client, "nobody", path=path)
    assert page.status == 400
    assert "The User ID or the password is not right." in page.words
    assert "corporate" not in page.words


def test_staff_leave_by_their_own_door(client: Client, people: dict[str, Person]) -> None:
    attempt(client, "rep", path="/desk/sign-in")
    page = client.post("/desk/sign-out", page=client.get("/profile", follow_redirects=True))
    assert page.location == "/desk/sign-in"
    assert client.get("/desk").location.startswith("/desk/sign-in")


@pytest.fixture
def real_hashes() -> Iterator[None]:
    hashing.use(None)
    yield
    hashing.use_cheap_parameters()


@pytest.mark.prove
def test_the_time_does_not_tell_who_exists(
    client: Client, people: dict[str, Person], real_hashes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Statements and hashes are counted above; this watches the clock, with the real parameters."""
    times = _times_of_failures(client, people["anna"], monkeypatch)
    assert not _can_be_told_apart(*times.values()), {name: median(taken) for name, taken in times.items()}


@pytest.mark.prove
def test_control_the_time_of_a_naive_sign_in_tells_who_exists(
    client: Client, people: dict[str, Person], real_hashes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = hashing.Hashing.verify
    monkeypatch.setattr(hashing.Hashing, "verify", lambda of, stored, typed: bool(stored) and verify(of, stored, typed))
    assert _can_be_told_apart(*_times_of_failures(client, people["anna"], monkeypatch).values())


def _times_of_failures(client: Client, anna: Person, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[float]]:
    """Seconds of 500 wrong passwords of a known and of an unknown User ID, in turn."""
    monkeypatch.setattr(throttles.Growing, "count", lambda *_: None)
    monkeypatch.setattr(throttles.Window, "count", lambda *_: None)
    db.perform(_store, anna.id, hashing.hash_password(make.PASSWORD))
    page = client.get("/sign-in")
    times: dict[str, list[float]] = {"anna": [], "nobody": []}
    for _ in range(500):
        for user_id, taken in times.items():
            begun = perf_counter()
            client.post("/sign-in", {"user_id": user_id, "password": "not the password, no"}, page=page)
            taken.append(perf_counter() - begun)
    return times


def _can_be_told_apart(some: list[float], others: list[float]) -> bool:
    """A Mann-Whitney test finds a difference (p < 0.01), and the medians differ by 5 % at least."""
    ranks = {taken: rank for rank, taken in enumerate(sorted(some + others), start=1)}
    n, m = len(some), len(others)
    u = sum(ranks[taken] for taken in some) - n * (n + 1) / 2
    z = (u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
    p = 2 * NormalDist().cdf(-abs(z))
    gap = abs(median(some) - median(others)) / max(median(some), median(others))
    print(f"Mann-Whitney p = {p:.3f}, medians differ by {gap:.1%}")
    return p < 0.01 and gap >= 0.05


def _store(person_id: int, stored: str) -> None:
    db.session().get_one(Password, person_id).hash = stored


def test_only_the_contact_row_decides_and_not_being_an_admin(client: Client, people: dict[str, Person]) -> None:
    db.perform(_give_back, people["removed"].id)
    assert attempt(client, "removed").status == 303


def _give_back(person_id: int) -> None:
    mine = select(BillingContact).where(BillingContact.person_id == person_id)
    db.session().scalars(mine).one().removed_at = None
