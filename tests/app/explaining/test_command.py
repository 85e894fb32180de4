"""`portal explain-change`: answers, words, what may be left out, and one sentence for whatever is wrong."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result

from app.cli import main

ROOT = Path(__file__).parent.parent.parent.parent
LEFT_OUT = object()


def question(**altered: Any) -> dict[str, Any]:
    """5 seats at 10.00 a month in June, a sixth on the 16th; altered by field, __ for the dot."""
    asked: dict[str, Any] = {
        "account": {"timezone": "Europe/Berlin", "currency": "EUR", "credit": 0},
        "subscription": {
            "tier": "Pro", "seats": 5, "seat_kind": "organizer", "frequency": "monthly", "unit_price": 1000,
            "period_start": "2026-06-01", "period_end": "2026-07-01", "paid": True,
        },
        "change": {"on": "2026-06-16", "tier": "Pro", "seats": 6, "frequency": "monthly", "unit_price": 1000},
        "tax_rate": 1900,
    }  # fmt: skip
    for path, value in altered.items():
        *parents, name = path.split("__")
        place = asked
        for parent in parents:
            place = place[parent]
        if value is LEFT_OUT:
            del place[name]
        else:
            place[name] = value
    return asked


def explain(content: Any, *options: str) -> Result:
    raw = content if isinstance(content, (str, bytes)) else json.dumps(content)
    return CliRunner().invoke(main, ["explain-change", "--json", "-", *options], input=raw)


def answer(content: Any, *options: str) -> Any:
    done = explain(content, *options)
    assert (done.exit_code, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_the_worked_example_is_answered_in_full() -> None:
    assert answer(question()) == {
        "lines": [
            {
                "kind": "new_period", "days": 30, "of_days": 30, "amount": 6000,
                "words": "A new billing period of 30 days is charged in full: €60.00 (6 organizers at €10.00).",
            },
            {
                "kind": "unused", "days": 15, "of_days": 30, "amount": -2500,
                "words": "15 of 30 days of the present billing period are unused, so 15/30 of €50.00 (5 organizers at "
                "€10.00) is credited: exactly €25.00.",
            },
        ],
        "net": 3500, "tax": 665, "credit_used": 0, "due_today": 4165, "credit_left": 0,
        "period_start": "2026-06-16", "period_end": "2026-07-16",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("altered", "sums"),
    [
        ({"change__seats": 4}, (-500, -95, 0, 0, 595, "2026-06-01", "2026-07-01")),
        ({"subscription__seats": 4, "change__on": "2026-06-21"}, (4667, 887, 0, 5554, 0, "2026-06-21", "2026-07-21")),
        (
            {"subscription__seats": 4, "change__on": "2026-06-21", "account__credit": 595},
            (4667, 887, 595, 4959, 0, "2026-06-21", "2026-07-21"),
        ),
        ({"account__credit": 9999}, (3500, 665, 4165, 0, 5834, "2026-06-16", "2026-07-16")),
        ({"change__seats": 5, "account__credit": 700}, (0, 0, 0, 0, 700, "2026-06-01", "2026-07-01")),
        ({"subscription__paid": False}, (6000, 1140, 0, 7140, 0, "2026-06-16", "2026-07-16")),
        (
            {"change__frequency": "yearly", "change__unit_price": 10000, "change__seats": 5},
            (47500, 9025, 0, 56525, 0, "2026-06-16", "2027-06-16"),
        ),
        ({"account__currency": "JPY", "change__on": "2026-06-21"}, (4333, 823, 0, 5156, 0, "2026-06-21", "2026-07-21")),
        (
            {
                "subscription__period_start": "2026-01-31", "subscription__period_end": "2026-02-28",
                "change__on": "2026-01-31",
            },
            (1000, 190, 0, 1190, 0, "2026-01-31", "2026-02-28"),
        ),
    ],
)  # fmt: skip
def test_sums_and_period(altered: dict[str, Any], sums: tuple[Any, ...]) -> None:
    found = answer(question(**altered))
    names = ("net", "tax", "credit_used", "due_today", "credit_left", "period_start", "period_end")
    assert tuple(found[name] for name in names) == sums


def test_the_example_of_the_documentation_is_what_the_command_says() -> None:
    page = (ROOT / "docs/operations.md").read_text()
    asked, answered = [block.split("```")[0] for block in page.split("```json\n")[1:3]]
    assert explain(asked).stdout == answered


def test_words_are_german_where_that_is_asked_for() -> None:
    found = answer(question(change__seats=4), "--locale", "de")
    assert [line["words"].replace("\u00a0", " ") for line in found["lines"]] == [
        (
            "Ein ganzer Abrechnungszeitraum kostet ab jetzt 10,00 € weniger; 15 von 30 Tagen des laufenden sind übrig, "
            "daher werden 15/30 davon gutgeschrieben: genau 5,00 €."
        )
    ]
    assert explain(question(tax_rate=None), "--locale", "de").stderr == "tax_rate fehlt.\n"


def test_what_is_left_out_or_null_stays_as_it_is() -> None:
    whole = answer(question())
    short = question()
    short["change"] = {"on": "2026-06-16", "seats": 6, "tier": None}
    del short["account"]["credit"]
    assert answer(short) == whole
    del short["subscription"]["tier"], short["subscription"]["seat_kind"]
    assert "(6 seats at" in answer(short)["lines"][0]["words"]
    assert answer(question(change={}, subscription__period_end="2099-12-31"))["lines"] == []


@pytest.mark.parametrize(("zone", "days"), [("Pacific/Kiritimati", 14), ("Europe/Berlin", 15), ("Etc/GMT+12", 16)])
def test_without_a_day_it_is_today_in_the_zone_of_the_account(zone: str, days: int) -> None:
    with time_machine.travel(datetime(2026, 6, 16, 11, tzinfo=UTC), tick=False):
        found = answer(question(change__on=LEFT_OUT, account__timezone=zone))
    assert found["lines"][1]["days"] == days


def test_a_file_is_read_in_every_encoding_that_json_may_have(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        path = tmp_path / encoding
        path.write_text(json.dumps(question(subscription__tier="Größe")), encoding)
        done = CliRunner().invoke(main, ["explain-change", "--json", str(path)])
        # another tier than before, so that its price had to be given, which it is
        assert (done.exit_code, json.loads(done.stdout)["due_today"]) == (0, 4165)


HOSTILE: list[tuple[Any, str]] = [
    ("", "not JSON: line 1, column 1"),
    ("{", "not JSON"),
    ("{'a': 1}", "not JSON"),
    (b"\xff\xfe\xfd", "not JSON"),
    (b"\x80\x81", "not JSON"),
    ("[" * 100_000, "not JSON"),
    ("[" * 100_000 + "]" * 100_000, "not JSON"),
    (" " * 1_000_001, "1 MB"),
    ("null", "one JSON object"),
    ("[]", "one JSON object"),
    ('"text"', "one JSON object"),
    ("NaN", "one JSON object"),
    ("1" * 5000, "one JSON object"),
    ("{}", "account is missing"),
    (question(account=[]), "account has to be a JSON object"),
    (question(subscription="x"), "subscription has to be a JSON object"),
    (question(change=LEFT_OUT), "change is missing"),
    (question(change=5), "change has to be a JSON object"),
    (question(extra=1), "extra is not known"),
    (question(change__seat=4), "change.seat is not known"),
    (question(**{"change__\ud800\n\x1b[31m": 4}), "change.\\ud800\\n\\u001b[31m is not known"),
    ('{"tax_rate": 1, "tax_rate": 1900}', "tax_rate stands twice"),
    (json.dumps(question()).replace('"credit": 0', '"credit": 0, "credit": 500'), "account.credit stands twice"),
    (question(account__timezone="Mars/Olympus"), "account.timezone"),
    (question(account__timezone="../../etc/passwd"), "account.timezone"),
    (question(account__timezone=""), "account.timezone"),
    (question(account__timezone=["UTC"]), "account.timezone"),
    (question(account__timezone="Europe/Berlin\0"), "account.timezone"),
    (question(account__currency="XYZ"), "account.currency"),
    (question(account__currency="eur"), "account.currency"),
    (question(account__currency="EUR\n"), "account.currency"),
    (question(account__currency=978), "account.currency"),
    (question(account__currency=LEFT_OUT), "account.currency is missing"),
    (question(account__credit=-1), "account.credit"),
    (question(account__credit=0.0), "account.credit"),
    (question(account__credit="0"), "account.credit"),
    (question(account__credit=True), "account.credit"),
    (question(account__credit=10**15 + 1), "account.credit"),
    (question(account__credit=10**15, change__seats=1), "account.credit"),
    (json.dumps(question()).replace('"credit": 0', '"credit": ' + "9" * 5000), "account.credit"),
    (json.dumps(question()).replace('"credit": 0', '"credit": NaN'), "account.credit"),
    (json.dumps(question()).replace('"credit": 0', '"credit": -Infinity'), "account.credit"),
    (json.dumps(question()).replace('"credit": 0', '"credit": 1e999'), "account.credit"),
    (json.dumps(question()).replace('"credit": 0', '"credit": 1e2'), "account.credit"),
    (question(subscription__tier=3), "subscription.tier"),
    (question(subscription__tier="x" * 41), "subscription.tier"),
    (question(subscription__tier="a\nb"), "subscription.tier"),
    (question(subscription__tier="\ud800"), "subscription.tier"),
    (question(subscription__seats=0), "subscription.seats"),
    (question(subscription__seats=-5), "subscription.seats"),
    (question(subscription__seats=True), "subscription.seats"),
    (question(subscription__seats=5.0), "subscription.seats"),
    (question(subscription__seats=10**100), "subscription.seats"),
    (question(subscription__seats=LEFT_OUT), "subscription.seats is missing"),
    (question(subscription__seat_kind=1), "subscription.seat_kind"),
    (question(subscription__frequency="weekly"), "subscription.frequency has to be one of: yearly, monthly"),
    (question(subscription__frequency={"a": 1}), "subscription.frequency"),
    (question(subscription__frequency=LEFT_OUT), "subscription.frequency is missing"),
    (question(subscription__unit_price=10.5), "subscription.unit_price"),
    (question(subscription__unit_price=-1), "subscription.unit_price"),
    (question(subscription__unit_price=10**15), "subscription.unit_price"),
    (question(subscription__period_start="0001-01-01"), "subscription.period_start"),
    (question(subscription__period_end="9999-12-31"), "subscription.period_end"),
    (question(subscription__period_end="2026-02-30"), "subscription.period_end"),
    (question(subscription__period_end="2026-7-1"), "subscription.period_end"),
    (question(subscription__period_end="20260701"), "subscription.period_end"),
    (question(subscription__period_end="2026-07-01T00:00:00Z"), "subscription.period_end"),
    (question(subscription__period_end="2026-07-0\u0661"), "subscription.period_end"),
    (question(subscription__period_end=1782864000), "subscription.period_end"),
    (question(subscription__period_end="2026-06-01"), "subscription.period_end has to be later"),
    (question(subscription__period_end="2026-05-01"), "subscription.period_end has to be later"),
    (question(subscription__paid=1), "subscription.paid"),
    (question(subscription__paid="true"), "subscription.paid"),
    (question(subscription__paid=LEFT_OUT), "subscription.paid is missing"),
    (question(change__on="2026-05-31"), "change.on cannot be used: The present billing period goes from 1 June 2026"),
    (question(change__on="2026-07-01"), "change.on cannot be used"),
    (question(change__on="yesterday"), "change.on"),
    (question(change__on=False), "change.on"),
    (question(change__seats=0), "change.seats"),
    (question(change__seats=False), "change.seats"),
    (question(change__seats=100_001), "change.seats"),
    (question(change__frequency=""), "change.frequency"),
    (question(change__tier=["Plus"]), "change.tier"),
    (question(change__unit_price="1000"), "change.unit_price"),
    (question(change__unit_price=10**15), "change.unit_price"),
    (question(change__tier="Plus", change__unit_price=None), "change.unit_price is missing: another tier"),
    (question(change__frequency="yearly", change__unit_price=LEFT_OUT), "change.unit_price is missing"),
    (question(tax_rate=19.0), "tax_rate"),
    (question(tax_rate=-1), "tax_rate"),
    (question(tax_rate=10_001), "tax_rate"),
    (question(tax_rate=LEFT_OUT), "tax_rate is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "said"), HOSTILE, ids=[f"{number}" for number in range(len(HOSTILE))])
def test_bad_input_gets_one_sentence_that_names_the_field(content: Any, said: str) -> None:
    for options in ((), ("--locale", "de")):
        done = explain(content, *options)
        assert done.exit_code == 2
        assert isinstance(done.exception, SystemExit), "no traceback"
        assert done.stdout == ""
        assert done.stderr.endswith(".\n")
        assert done.stderr.count("\n") == 1
        assert len(done.stderr) < 320
        assert "%(" not in done.stderr
        if not options:
            assert said in done.stderr


@pytest.mark.parametrize("file", ["/nowhere/at/all.json", "/"])
def test_a_file_that_cannot_be_read_is_named(file: str) -> None:
    done = CliRunner().invoke(main, ["explain-change", "--json", file])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"The file {file} cannot be read.\n"


def test_an_endless_file_is_not_read_to_its_end() -> None:
    done = CliRunner().invoke(main, ["explain-change", "--json", "/dev/zero"])
    assert (done.exit_code, done.stderr) == (2, "The file is larger than 1 MB.\n")


def test_it_needs_neither_database_nor_settings_and_prints_utf_8_whatever_the_terminal_says(tmp_path: Path) -> None:
    """The settings are broken on purpose and the folder is empty before and after."""
    surroundings = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii", "LC_ALL": "C",
        "PORTAL_ENVIRONMENT": "production", "PORTAL_DATABASE_URL": "nonsense",
    }  # fmt: skip
    command = [sys.executable, "-m", "app.cli", "explain-change", "--json", "-", "--locale", "de"]
    asked = json.dumps(question()).encode()
    done = subprocess.run(command, input=asked, capture_output=True, cwd=tmp_path, env=surroundings, check=True)
    assert done.stderr == b""
    assert "60,00\u00a0€" in json.loads(done.stdout.decode())["lines"][0]["words"]
    assert not list(tmp_path.iterdir())
