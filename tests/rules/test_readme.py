"""What the README and the pages of docs say about the code is true."""

import re
from dataclasses import fields
from pathlib import Path

from app.settings import PREFIX, Settings
from app.states import document

ROOT = Path(__file__).parent.parent.parent


def test_the_table_of_settings_is_complete_and_has_the_defaults() -> None:
    rows = dict(re.findall(r"^\| `(PORTAL_\w+)` \| ([^|]*) \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    known = {PREFIX + field.name.upper(): field.default for field in fields(Settings)}
    assert set(rows) == set(known)
    for name, default in known.items():
        assert rows[name].strip().strip("`") == str(default), name


def test_the_diagrams_of_states_are_drawn_from_the_code() -> None:
    assert (ROOT / "docs/states.md").read_text() == document()


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text())
    assert targets
    assert not [target for target in targets if not (ROOT / target).exists()]
