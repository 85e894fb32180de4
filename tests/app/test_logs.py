"""No text in a log line can begin a line of its own."""

import json
import logging

from app.logs import JsonLines


def test_a_record_is_one_line_whatever_it_says() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "user %s", ('evil"\r\n{"level": "forged"}\u2028',), None)
    record.kind = "a\nb"
    line = JsonLines().format(record)
    assert len(line.splitlines()) == 1
    read = json.loads(line)
    assert read["message"] == 'user evil"\r\n{"level": "forged"}\u2028'
    assert read["kind"] == "a\nb"
    assert read["level"] == "warning"


def test_a_traceback_stays_in_the_line() -> None:
    try:
        raise ValueError("no\nway")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), (ValueError, error, error.__traceback__))
    line = JsonLines().format(record)
    assert len(line.splitlines()) == 1
    assert "ValueError: no\nway" in json.loads(line)["traceback"]
