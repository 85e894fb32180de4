"""The work list: what asks for attention, each part cut after its first rows, and terms that end."""

from dataclasses import dataclass, field

from billing_core import clock
from billing_core.db.keyset import Slice, page_of
from billing_core.permissions import Viewer
from billing_core.subscriptions import queries as subscriptions
from billing_core.subscriptions.queries import EndingTerm
from billing_core.words import mark
from corporate_portal.desk.queries.accounts import visible
from corporate_portal.desk.queries.listing import SHOWN, versions
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.queries import NEWEST_FIRST
from corporate_portal.requests import queries as requests
from corporate_portal.requests.models import QuoteRequest

IN_WORK_LIST = 10
BANDS: dict[str, str] = {
    "grace": mark("Ended, in use without being billed"),
    "30": mark("Ending within 30 days"),
    "60": mark("Ending within 31 to 60 days"),
    "90": mark("Ending within 61 to 90 days"),
}
"""Terms by how long they last; the keys stand in addresses."""


@dataclass(frozen=True)
class WorkList:
    """One part of the landing page; `has_more` says that the full list goes on."""

    show: str
    heading: str
    versions: list[QuoteVersion] = field(default_factory=list)
    requests: list[QuoteRequest] = field(default_factory=list)
    terms: list[EndingTerm] = field(default_factory=list)
    has_more: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing asks for attention here."""
        return not (self.versions or self.requests or self.terms)


def work_lists(viewer: Viewer) -> list[WorkList]:
    """The landing page, part by part in the order in which things press. One statement a part, two for the terms."""
    now = clock.now()
    asked = requests.open_requests(viewer, size=IN_WORK_LIST)
    found = [WorkList("requests", mark("Asked for"), requests=asked.rows, has_more=asked.following is not None)]
    for show, (heading, condition) in SHOWN.items():
        part = page_of(versions(viewer).where(condition(now)), NEWEST_FIRST, "", "", IN_WORK_LIST)
        found.append(WorkList(show, heading, versions=part.rows, has_more=part.following is not None))
    terms = subscriptions.ending(visible(viewer), limit=IN_WORK_LIST + 1)
    cut = terms[:IN_WORK_LIST]
    found.append(
        WorkList("terms", mark("Terms that end and are not renewed"), terms=cut, has_more=len(terms) > len(cut))
    )
    return found


def ending_terms(viewer: Viewer, band: str, after: str = "", before: str = "") -> Slice[EndingTerm]:
    """Terms that end and that nothing follows, the nearest end first. Unknown bands show all."""
    days = None if band not in BANDS else 0 if band == "grace" else int(band)
    return subscriptions.ending_page(visible(viewer), days, after, before)
