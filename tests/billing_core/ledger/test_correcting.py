"""In whatever parts an invoice is credited, no line, tax or total is ever exceeded, and all parts are all of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_core.errors import Refusal
from billing_core.ledger.calculation import LineDraft, sum_up
from billing_core.ledger.correcting import (
    Bracket,
    Creditable,
    CreditedInFull,
    NothingChosen,
    Part,
    PartNotClear,
    PartTooLarge,
    Plan,
)
from billing_core.ledger.models import Invoice, InvoiceLine, InvoiceTax

BRACKETS = (("S", 1900), ("S", 700), ("AE", 0), ("S", 810))


def line(quantity: int, unit_price: int, bracket: Bracket = ("S", 1900), discount: int = 0) -> LineDraft:
    return LineDraft("Meeting", quantity, unit_price, *bracket, discount=discount)


def invoice_of(lines: Sequence[LineDraft], currency: str = "EUR") -> Invoice:
    """As it would be stored; nothing is paid on it."""
    totals = sum_up(lines)
    rows = [
        InvoiceLine(
            id=100 + place, position=place, description=one.description, detail="", quantity=one.quantity, unit="agent",
            unit_price=one.unit_price, discount=one.discount, net=one.net, tax_category=one.tax_category,
            tax_rate=one.tax_rate, exemption="",
        )
        for place, one in enumerate(lines, start=1)
    ]  # fmt: skip
    taxes = [
        InvoiceTax(category=tax.category, rate=tax.rate, net=tax.net, tax=tax.tax, exemption="", why="")
        for tax in totals.taxes
    ]
    return Invoice(
        id=1, currency=currency, net=totals.net, tax=totals.tax, total=totals.total, balance=totals.total, credited=0,
        lines=rows, taxes=taxes,
    )  # fmt: skip


@dataclass
class Books:
    """An invoice with the credit notes that were issued on it."""

    invoice: Invoice
    nets: dict[int, int] = field(default_factory=dict)
    taxed: dict[Bracket, int] = field(default_factory=dict)
    plans: list[Plan] = field(default_factory=list)

    @property
    def left(self) -> Creditable:
        """What the next one may take."""
        return Creditable(self.invoice, dict(self.nets), dict(self.taxed))

    def credit(self, parts: dict[int, Part]) -> Plan:
        """Issue one."""
        plan = self.left.plan(parts)
        for one in plan.lines:
            self.nets[one.invoice_line_id] = self.nets.get(one.invoice_line_id, 0) + one.net
        for tax in plan.totals.taxes:
            bracket = (tax.category, tax.rate)
            self.taxed[bracket] = self.taxed.get(bracket, 0) + tax.tax
        self.plans.append(plan)
        return plan


lines_of_an_invoice = st.lists(
    st.builds(line, st.integers(1, 30), st.integers(0, 20_000), st.sampled_from(BRACKETS)), min_size=1, max_size=5
)
a_part = st.one_of(st.builds(Part, net=st.integers(0, 90_000)), st.builds(Part, quantity=st.integers(1, 9)))
some_parts = st.lists(st.dictionaries(st.integers(1, 5), a_part, min_size=1), max_size=12)


@given(lines=lines_of_an_invoice, wishes=some_parts)
def test_parts_never_exceed_the_invoice_and_together_are_exactly_it(
    lines: list[LineDraft], wishes: list[dict[int, Part]]
) -> None:
    books = Books(invoice_of(lines))
    for parts in wishes:
        try:
            books.credit({position: part for position, part in parts.items() if position <= len(lines)})
        except Refusal:
            continue
    check(books)
    if not books.left.is_over:
        books.credit(books.left.everything())
    if books.invoice.net:
        check(books)
        assert sum(plan.totals.total for plan in books.plans) == books.invoice.total
        assert books.taxed == {(tax.category, tax.rate): tax.tax for tax in books.invoice.taxes if tax.net}
    with pytest.raises(CreditedInFull):
        books.credit({1: Part(net=1)})


def check(books: Books) -> None:
    """What must hold at any time."""
    for plan in books.plans:
        assert plan.totals.net == sum(one.net for one in plan.lines)
        assert all(one.net > 0 and one.discount >= 0 for one in plan.lines)
        assert all(tax.tax >= 0 for tax in plan.totals.taxes)
        assert plan.totals.total == sum(tax.net + tax.tax for tax in plan.totals.taxes)
    for row in books.invoice.lines:
        assert books.nets.get(row.id, 0) <= row.net
    for tax in books.invoice.taxes:
        assert books.taxed.get((tax.category, tax.rate), 0) <= tax.tax


@given(st.integers(1, 3000), st.sampled_from([1900, 700, 810]), st.lists(st.integers(1, 400), max_size=20))
def test_the_tax_of_each_part_is_its_own_to_a_unit(net: int, rate: int, parts: list[int]) -> None:
    books = Books(invoice_of([line(1, net, ("S", rate))]))
    for part in parts:
        if part <= books.left.left(books.invoice.lines[0]):
            plan = books.credit({1: Part(net=part)})
            assert abs(plan.totals.tax * 10_000 - part * rate) <= 10_000


def test_the_cents_of_many_small_parts_come_to_the_invoices_tax() -> None:
    books = Books(invoice_of([line(1, 10)]))
    taxes = [books.credit({1: Part(net=1)}).totals.tax for _ in range(10)]
    assert taxes == [0, 0, 1, 0, 0, 0, 0, 1, 0, 0]
    assert sum(taxes) == books.invoice.tax == 2


def test_what_is_printed_of_a_line() -> None:
    invoice = invoice_of([line(10, 1200, discount=2000)])
    whole = Books(invoice).credit({1: Part(net=10_000)}).lines[0]
    assert (whole.quantity, whole.unit_price, whole.discount, whole.unit) == (10, 1200, 2000, "agent")
    some = Books(invoice).credit({1: Part(quantity=3)}).lines[0]
    assert (some.quantity, some.unit_price, some.discount, some.unit, some.net) == (3, 1200, 600, "agent", 3000)
    amount = Books(invoice).credit({1: Part(net=3600)}).lines[0]
    assert (amount.quantity, amount.unit_price, amount.discount, amount.unit) == (1, 3600, 0, "")


def test_what_is_refused() -> None:
    books = Books(invoice_of([line(10, 1200), line(1, 0)]))
    for parts in ({}, {1: Part()}, {1: Part(net=0)}, {7: Part(net=1)}):
        with pytest.raises(NothingChosen):
            books.credit(parts)
    with pytest.raises(PartNotClear) as both:
        books.credit({1: Part(net=1, quantity=1)})
    assert both.value.field == "quantity-1"
    for part, name in ((Part(net=12_001), "amount-1"), (Part(net=-1), "amount-1"), (Part(quantity=11), "quantity-1")):
        with pytest.raises(PartTooLarge) as much:
            books.credit({1: part})
        assert much.value.field == name
    with pytest.raises(PartTooLarge):
        books.credit({2: Part(quantity=1)})
    books.credit({1: Part(quantity=9)})
    with pytest.raises(PartTooLarge) as much:
        books.credit({1: Part(quantity=2)})
    assert str(much.value.params["most"]) == "€12.00"
    books.credit(books.left.everything())
    with pytest.raises(CreditedInFull):
        books.credit({1: Part(net=1)})


def test_the_open_balance_comes_first() -> None:
    invoice = invoice_of([line(10, 1000)])
    invoice.balance = 5000
    plan = Books(invoice).left.plan({1: Part(net=8000)})
    assert (plan.totals.total, plan.allocated, plan.left) == (9520, 5000, 4520)


def test_of_an_invoice_that_credits_something_itself_at_most_its_total_is_taken_back() -> None:
    """A sixth seat on 16 June: 60.00 for the new period, less 25.00 of the old one."""
    books = Books(invoice_of([line(6, 1000), line(-1, 2500)]))
    assert books.left.everything() == {1: Part(net=3500)}
    with pytest.raises(PartTooLarge):
        books.left.plan({1: Part(quantity=4)})
    with pytest.raises(PartTooLarge):
        books.left.plan({2: Part(net=1)})
    assert books.credit({1: Part(net=1000)}).totals.total == 1190
    assert books.credit(books.left.everything()).totals.total == 4165 - 1190
    assert books.left.is_over


def test_of_an_invoice_with_two_rates_the_part_of_the_dearer_one_stays() -> None:
    found = Books(invoice_of([line(6, 1000, ("S", 1600)), line(-1, 2500), line(1, 1000)]))
    assert found.invoice.total == 6960 - 2975 + 1190
    plan = found.left.plan(found.left.everything())
    assert plan.totals.total <= found.invoice.total
    assert found.invoice.total - plan.totals.total <= 1
    with pytest.raises(PartTooLarge):
        found.left.plan({1: Part(net=6000)})
