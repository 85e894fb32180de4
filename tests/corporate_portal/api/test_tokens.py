"""Who gets in: tokens, their scopes, their end, their rate. Cookies open nothing."""

import hashlib
from datetime import timedelta

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from app import cli, tokens
from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.credentials.throttles import Window
from billing_core.errors import Invalid
from billing_core.permissions import Realm
from corporate_portal.api import service
from corporate_portal.api.models import ApiToken
from corporate_portal.api.policy import Scope
from tests.client import Client
from tests.corporate_portal.api.programs import Program, Stock, check, new, problem, token
from tests.factories import core
from tests.factories import quotes as make

READS = {
    "/accounts": Scope.ACCOUNTS_READ,
    "/quotes": Scope.QUOTES_READ,
    "/service-orders": Scope.ORDERS_READ,
    "/invoices": Scope.INVOICES_READ,
    "/payments": Scope.PAYMENTS_READ,
}


def stored(public_id: str) -> ApiToken:
    with db.reading() as session:
        return session.scalars(select(ApiToken).where(ApiToken.public_id == public_id)).one()


@pytest.mark.usefixtures("database")
def test_only_the_hash_of_a_long_random_secret_is_kept() -> None:
    row, secret = token(Scope.QUOTES_READ)
    assert row.secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert secret.startswith("cbp_")
    assert len(secret) == 4 + 43  # 256 bits
    assert secret not in repr(vars(stored(row.public_id)))
    with db.reading() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.subject == row.public_id))
    assert (entry.action, entry.actor) == ("api_token.issued", "test")
    assert secret.encode() not in entry.detail


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b"])
def test_a_token_needs_a_name_that_can_be_read(name: str) -> None:
    with pytest.raises(Invalid):
        db.perform(service.issue_token, "test", name, [Scope.QUOTES_READ], None)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer cbp_unknown", "Basic dTpw", "nonsense", "Bearer a=b"]
)
def test_without_a_known_token_nothing_opens(app: Flask, header: str) -> None:
    answer = app.test_client().get("/api/v1/quotes", headers={"Authorization": header} if header else {})
    check(answer)
    assert problem(answer) == (401, "token-refused")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")


def test_a_revoked_or_ended_token_opens_nothing(app: Flask) -> None:
    crm, erp = Program(app), Program(app)
    assert crm.get("/quotes").status_code == 200
    db.perform(service.revoke_token, "test", crm.token.public_id)
    assert problem(crm.get("/quotes")) == (401, "token-refused")
    db.perform(service.revoke_token, "test", crm.token.public_id)  # harmless
    row, secret = token(Scope.QUOTES_READ, expires_at=clock.now() + timedelta(hours=1))
    erp.secret = secret
    assert erp.get("/quotes").status_code == 200
    with time_machine.travel(clock.now() + timedelta(hours=1)):
        answer = erp.get("/quotes")
        assert problem(answer) == (401, "token-refused")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
        assert stored(row.public_id).state(clock.now()) == "expired"


def test_each_part_asks_for_its_own_scope(app: Flask) -> None:
    for path, own in READS.items():
        answer = Program(app, *(scope for scope in Scope if scope is not own)).get(path)
        assert problem(answer) == (403, "scope-missing"), path
        assert own in answer.headers["WWW-Authenticate"]
        assert own in (answer.json or {})["detail"]
        assert Program(app, own).get(path).status_code == 200


def test_who_may_read_quotes_may_not_write_them(app: Flask) -> None:
    deal = make.deal()
    quote, reader = make.draft(deal), Program(app, Scope.QUOTES_READ)
    seen, path = reader.seen(quote), f"/quotes/{quote.public_id}"
    assert problem(reader.post("/quotes", new(deal))) == (403, "scope-missing")
    assert problem(reader.put(path, new(deal), seen)) == (403, "scope-missing")
    for verb in ("submit", "revise", "withdraw"):
        assert problem(reader.post(f"{path}/{verb}", seen=seen)) == (403, "scope-missing")
    assert make.version(quote).state == "draft"


def test_cookies_open_nothing_and_close_nothing(app: Flask, stock: Stock) -> None:
    """A representative who is signed in in the same browser is nobody here, and changes nothing for a token."""
    browser = Client(app).sign_in(stock.deal.rep, Realm.DESK).sign_in(stock.deal.contact).browser
    refused = browser.get("/api/v1/quotes")
    check(refused)
    assert refused.status_code == 401
    program = Program(app)
    plain = program.get("/quotes")
    program.browser = browser
    browser.set_cookie("visitor", "rubbish")
    assert program.get("/quotes").data == plain.data
    browser.post("/language", data={"language": "de"})
    assert "Token" not in (program.get("/quotes/nothing").json or {})["detail"]


def test_use_is_noted_at_most_once_a_minute(app: Flask) -> None:
    crm = Program(app)
    with time_machine.travel(clock.now(), tick=False) as travel:
        crm.get("/quotes")
        first = stored(crm.token.public_id).last_used_at
        assert first == clock.now()
        travel.shift(timedelta(seconds=59))
        crm.get("/quotes")
        assert stored(crm.token.public_id).last_used_at == first
        travel.shift(timedelta(seconds=1))
        crm.get("/quotes")
        assert stored(crm.token.public_id).last_used_at == clock.now()


def test_a_token_that_asks_too_often_waits(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LIMIT", Window("api", 3, timedelta(minutes=1)))
    crm, erp = Program(app), Program(app)
    with time_machine.travel(clock.now(), tick=False) as travel:
        assert [crm.get("/quotes").status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = crm.get("/quotes")
        assert problem(answer) == (429, "too-many")
        assert 1 <= int(answer.headers["Retry-After"]) <= 61
        assert erp.get("/quotes").status_code == 200  # another token has a window of its own
        travel.shift(timedelta(seconds=int(answer.headers["Retry-After"])))
        assert crm.get("/quotes").status_code == 200


def test_what_a_program_does_stands_in_the_audit_trail_under_its_token(app: Flask) -> None:
    deal, crm = make.deal(), Program(app)
    made = crm.post("/quotes", new(deal)).json or {}
    with db.reading() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.subject == made["id"]))
    assert (entry.action, entry.actor) == ("quote.drafted", f"api:{crm.token.public_id}")


@pytest.fixture
def command(database: object, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """`portal token …` on the test's database."""
    monkeypatch.setattr(cli, "main", tokens.commands(lambda: None))
    return CliRunner()


def test_the_command_issues_lists_and_revokes(app: Flask, command: CliRunner) -> None:
    issued = command.invoke(cli.main, ["issue", "Our CRM", "--scope", "quotes:write", "--scope", "quotes:read"])
    assert issued.exit_code == 0, issued.output
    program = Program(app)
    program.secret = issued.output.strip()
    assert program.get("/quotes").status_code == 200
    assert program.get("/invoices").status_code == 403
    (line,) = [line for line in command.invoke(cli.main, ["list"]).output.splitlines() if "Our CRM" in line]
    assert "live" in line
    assert "quotes:read quotes:write" in line
    assert program.secret not in line
    revoked = command.invoke(cli.main, ["revoke", line.split()[0]])
    assert (revoked.exit_code, "is revoked" in revoked.output) == (0, True)
    assert program.get("/quotes").status_code == 401
    assert "revoked" in command.invoke(cli.main, ["list"]).output


@pytest.mark.parametrize(
    "arguments",
    [
        ["issue", "CRM", "--scope", "everything"],
        ["issue", "CRM"],
        ["issue", " ", "--scope", "quotes:read"],
        ["issue", "CRM", "--scope", "quotes:read", "--until", "2020-01-01"],
        ["revoke", "tok_unknown"],
    ],
)
def test_the_command_says_what_is_wrong(command: CliRunner, arguments: list[str]) -> None:
    refused = command.invoke(cli.main, arguments)
    assert refused.exit_code != 0
    assert "Error" in refused.output
    assert "Traceback" not in refused.output
    with db.reading() as session:
        assert not session.scalars(select(ApiToken)).all()


def test_people_do_not_become_programs(app: Flask) -> None:
    """A session's secret is no token."""
    browser = Client(app).sign_in(core.contact(core.account()))
    secret = next(iter(browser.browser._cookies.values())).value
    crm = Program(app)
    crm.secret = secret
    assert crm.get("/quotes").status_code == 401
