"""The printed pages: what stands on them, and how they break."""

from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from weasyprint import HTML

from billing_core.documents.printing import Print, page_of
from billing_core.documents.typesetter import Typesetter
from tests.billing_core.documents import samples
from tests.billing_core.documents.samples import line


@pytest.fixture(scope="module")
def typesetter() -> Typesetter:
    return Typesetter()


def words_of(wanted: Print) -> str:
    return " ".join(BeautifulSoup(page_of(wanted), "html5lib").get_text(" ").split())


def classes_by_page(typesetter: Typesetter, wanted: Print) -> list[list[str]]:
    """The tags and classes of the elements of each page, in order."""
    page = HTML(string=page_of(wanted), url_fetcher=typesetter._assets)
    document = page.render(stylesheets=[typesetter._sheet], font_config=typesetter._fonts)
    return [list(_classes(page._page_box)) for page in document.pages]


def _classes(box: Any) -> Iterator[str]:
    element = getattr(box, "element", None)
    if element is not None:
        yield from (f"<{element.tag}>", *element.get("class", "").split())
    for child in getattr(box, "children", ()):
        yield from _classes(child)


def test_an_invoice_says_all_that_its_reader_needs() -> None:
    text = words_of(samples.invoice_print())
    for expected in (
        "Invoice DE-2026-000042", "31 March 2026", "30 April 2026", "C-10042", "4500-778812", "Q-2026-17", "SO-2026-17",
        "Müller & Söhne Maschinenbau GmbH", "DE811569869", "DE136695976", "Service period 1 Apr 2026 – 31 Mar 2027",
        "25 organizers", "€18.50", "€462.50", "VAT 19% on €462.50", "€87.88", "€550.38",
        "DE02 1203 0000 0000 2020 51", "BYLADEM1001", "anna.weber", "HRB 201337 B",
    ):  # fmt: skip
        assert expected in text.replace("\u00a0", " "), expected
    assert text.count("€550.38") == 2, "in the summary and in the totals, and nowhere otherwise"


def test_a_german_invoice_is_german() -> None:
    text = words_of(samples.invoice_print(locale="de"))
    for expected in (
        "Rechnung DE-2026-000042",
        "31. März 2026",
        "Zu zahlen",
        "25 Organisatoren",
        "550,38 €",
        "USt-IdNr.",
    ):
        assert expected in text.replace("\u00a0", " "), expected
    for english in ("Invoice", "Amount due", "Net amount", "Sign in", "Page"):
        assert english not in text, english


def test_exemptions_stand_below_the_totals() -> None:
    lines = [line(1), line(2, tax_category="AE", tax_rate=0, exemption="Reverse charge: the recipient owes the VAT.")]
    text = words_of(samples.invoice_print(lines))
    assert text.index("Amount due €1") < text.index("Reverse charge: the recipient owes the VAT.")


def test_yen_have_no_decimals_and_no_transfer_code() -> None:
    page = BeautifulSoup(page_of(samples.invoice_print([line(1, unit_price=2500)], currency="JPY")), "html5lib")
    assert "¥62,500" in page.get_text(" ")
    assert page.select_one("figure.code") is None


def test_nothing_due_asks_for_nothing() -> None:
    page = BeautifulSoup(page_of(samples.invoice_print([line(1, unit_price=0)])), "html5lib")
    assert "Nothing is to be paid." in page.get_text(" ")
    assert page.select_one(".boxes") is None


def test_without_a_user_id_none_is_named() -> None:
    assert "User ID" not in words_of(samples.invoice_print(user_id=""))


def test_data_is_text_and_never_markup() -> None:
    evil = '<img src="file:///etc/passwd"><style>@import "http://127.0.0.1:1/x"</style><script>alert(1)</script>'
    html = page_of(
        samples.invoice_print(
            [line(1, description=evil, detail=evil)], bill_to=samples.ADDRESS | {"name": evil, "attention": evil},
            user_id=evil, title=evil, po_number=evil, of=samples.seller(registration=evil),
        )
    )  # fmt: skip
    page = BeautifulSoup(html, "html5lib")
    assert not page.select("img, body style, script, link, object, iframe")
    assert len(page.select("head style")) == 1


def test_a_quote_says_what_recurs_until_when_it_holds_and_how_to_accept() -> None:
    text = words_of(samples.quote_print())
    for expected in ("Quote Q-2026-00017", "7 April 2026", "Yearly charges", "Monthly charges",
                     "One-off charges", "Then every month from 1 May 2026", "€462.50 plus tax", "Katharina Lindqvist",
                     "The term ends by itself.", "How to accept"):  # fmt: skip
        assert expected in text.replace("\u00a0", " "), expected


@pytest.mark.parametrize(
    "count", [1, 2, 3, 5, 8, 10, 11, 12, 13, 14, 15, 16, 17, 20, 24, 25, 26, 27, 28, 29, 30, 40, 55]
)
def test_totals_never_stand_alone_and_every_page_with_lines_has_the_table_head(
    typesetter: Typesetter, count: int
) -> None:
    once = {"period_start": None, "period_end": None}
    lines = [line(n, **(once if n > count * 2 // 3 else {})) for n in range(1, count + 1)]
    pages = classes_by_page(typesetter, samples.invoice_print(lines))
    assert sum(classes.count("line") for classes in pages) == count
    for classes in pages:
        if "totals" in classes:
            assert "line" in classes, "the totals have lost their lines"
        if "group" in classes:
            last_group = len(classes) - 1 - classes[::-1].index("group")
            assert "line" in classes[last_group:], "a heading has lost its lines"
        assert ("<thead>" in classes) == ("line" in classes)


def test_forty_lines_take_three_pages(typesetter: Typesetter) -> None:
    assert len(classes_by_page(typesetter, samples.invoice_print([line(n) for n in range(1, 41)]))) in (2, 3)


def test_long_names_and_words_leave_nothing_out_and_stay_on_the_page(typesetter: Typesetter) -> None:
    lines = [line(n, description=f"{samples.LONG_WORD} {samples.LONG_WORD}", unit_price=123456789) for n in range(1, 6)]
    wanted = samples.invoice_print(lines, bill_to=samples.LONG_ADDRESS, po_number="9" * 100, user_id="x" * 200)
    page = HTML(string=page_of(wanted), url_fetcher=typesetter._assets)
    document = page.render(stylesheets=[typesetter._sheet], font_config=typesetter._fonts)
    for sheet in document.pages:
        right_edge = sheet._page_box.position_x + sheet._page_box.margin_width() - sheet._page_box.margin_right
        for box in _boxes(sheet._page_box):
            if getattr(box, "text", None) is not None and box.element.tag != "html":
                assert box.position_x + box.width <= right_edge + 1, box.text


def _boxes(box: Any) -> Iterator[Any]:
    yield box
    for child in getattr(box, "children", ()):
        yield from _boxes(child)
