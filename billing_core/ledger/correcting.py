"""What can still be credited of an invoice, and the lines and taxes of a credit note that corrects it.

A correction names the line that it takes back, so no line is ever credited beyond its net amount. The tax is taken on
all that is credited of a category and rate so far, less the tax that earlier credit notes took: whoever credits an
invoice in parts takes back exactly its tax, never a unit more (domain.md 5). An online invoice may hold lines that
credit something: these are not taken back, and less can be credited of the others (docs/adr/0030). What a change of a
subscription credited of a line (`credits_line_id`) is gone from it as well, though it corrects nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import exists, func, literal, select, union_all

from billing_core import db, money
from billing_core.errors import Invalid, Refusal
from billing_core.ledger.calculation import LineDraft, TaxSum, Totals
from billing_core.ledger.models import CreditNote, CreditNoteLine, CreditNoteTax, Invoice, InvoiceLine
from billing_core.words import mark, shown

Bracket = tuple[str, int]
"""A tax category and its rate."""


class CreditedInFull(Refusal):
    """Earlier credit notes took all of the invoice."""

    message = mark("All of this invoice has been credited. Nothing more can be credited.")


class NothingChosen(Invalid):
    """No line was given an amount above zero."""

    message = mark("Enter what is credited for at least one line.")


class PartTooLarge(Invalid):
    """A line gives at most what earlier credit notes have left of it."""

    message = mark("At most %(most)s can be credited of this line.")


class PartNotClear(Invalid):
    """A line is credited by an amount or by a number of units."""

    message = mark("Enter either an amount or a quantity.")


@dataclass(frozen=True)
class Part:
    """How much of a line is to be credited: a net amount in smallest units, or so many of its units."""

    net: int | None = None
    quantity: int | None = None

    @property
    def is_nothing(self) -> bool:
        """The line is left out."""
        return not self.net and not self.quantity


@dataclass(frozen=True)
class Correction(LineDraft):
    """A credited position, and the line of the invoice that it takes back (a part of)."""

    invoice_line_id: int = 0


@dataclass(frozen=True)
class Plan:
    """The lines of a credit note with their sums, and what they would do to balances."""

    invoice_id: int
    lines: tuple[Correction, ...]
    totals: Totals
    allocated: int
    """Taken off the open balance."""

    @property
    def left(self) -> int:
        """What becomes account credit."""
        return self.totals.total - self.allocated


@dataclass(frozen=True)
class Creditable:
    """An invoice that comes with its lines and taxes, and what its earlier credit notes took."""

    invoice: Invoice
    nets: Mapping[int, int]
    """By the id of the line."""
    taxed: Mapping[Bracket, int]
    """The credited tax."""
    unused: Mapping[int, int] = field(default_factory=dict)
    """By the id of the line: the net amount that changes of the subscription credited of it."""

    def left(self, line: InvoiceLine) -> int:
        """The net amount of a line that can still be credited."""
        own = self._left_of_it(line)
        if self._credits_itself:
            own = min(own, self._room((line.tax_category, line.tax_rate))) if self.gross_left > 0 else 0
        return max(own, 0)

    def _left_of_it(self, line: InvoiceLine) -> int:
        return line.net - self.nets.get(line.id, 0) - self.unused.get(line.id, 0)

    @property
    def _credits_itself(self) -> bool:
        """It holds a line below zero, so its lines come to more than its total."""
        return any(line.net < 0 for line in self.invoice.lines)

    @property
    def gross_left(self) -> int:
        """What of the total can still be credited."""
        return self.invoice.total - self.invoice.credited

    def _room(self, bracket: Bracket) -> int:
        """What can still be credited of a category and rate, and of the whole invoice, before tax."""
        ours = [line for line in self.invoice.lines if (line.tax_category, line.tax_rate) == bracket]
        left = sum(self._left_of_it(line) for line in ours)
        return min(left, self._whole_room)

    @property
    def _whole_room(self) -> int:
        return self.invoice.net - sum(self.nets.values()) - sum(self.unused.values())

    @property
    def is_over(self) -> bool:
        """Nothing is left to be credited."""
        return not any(self.left(line) for line in self.invoice.lines)

    def everything(self) -> dict[int, Part]:
        """All that is left, by position."""
        if not self._credits_itself:
            return {line.position: Part(net=self.left(line)) for line in self.invoice.lines if self.left(line)}
        parts, gross = dict[int, Part](), self.gross_left
        taken: dict[Bracket, int] = {}
        for line in self.invoice.lines:
            bracket = (line.tax_category, line.tax_rate)
            room = self._room(bracket) - taken.get(bracket, 0)
            most = money.divide_down(gross * 10_000, 10_000 + line.tax_rate)
            net = min(self.left(line), room, self._whole_room - sum(taken.values()))
            net = net if net + money.percent(net, line.tax_rate) <= gross else most
            if net > 0:
                parts[line.position] = Part(net=net)
                taken[bracket] = taken.get(bracket, 0) + net
                gross -= net + money.percent(net, line.tax_rate)
        return parts

    def plan(self, parts: Mapping[int, Part]) -> Plan:
        """What crediting these parts, by position, comes to.

        Raises CreditedInFull, NothingChosen, and PartTooLarge or PartNotClear, whose field names the position.
        """
        if self.is_over:
            raise CreditedInFull
        by_position = {line.position: line for line in self.invoice.lines}
        chosen = {position: part for position, part in sorted(parts.items()) if not part.is_nothing}
        if not chosen or not chosen.keys() <= by_position.keys():
            raise NothingChosen
        lines = tuple(self._correction(by_position[position], part) for position, part in chosen.items())
        totals = self._totals(lines)
        rooms_kept = all(net <= self._room(bracket) for bracket, net in _nets(lines).items())
        if self._credits_itself and not (rooms_kept and totals.total <= self.gross_left):
            raise PartTooLarge(field=f"amount-{next(iter(chosen))}", most=shown(self.gross_left, self.invoice.currency))
        return Plan(self.invoice.id, lines, totals, min(totals.total, self.invoice.balance))

    def _correction(self, line: InvoiceLine, part: Part) -> Correction:
        if part.net and part.quantity:
            raise PartNotClear(field=f"quantity-{line.position}")
        by_quantity = not part.net
        of = (part.quantity or 0, line.quantity)
        net = money.share(line.net, *of) if by_quantity else part.net or 0
        left = self.left(line)
        if not 0 < net <= left or of[0] > of[1]:
            field = f"{'quantity' if by_quantity else 'amount'}-{line.position}"
            raise PartTooLarge(field=field, most=shown(left, self.invoice.currency))
        whole = Correction(
            line.description, line.quantity, line.unit_price, line.tax_category, line.tax_rate, line.exemption,
            detail=line.detail, unit=line.unit, discount=line.discount, period_start=line.period_start,
            period_end=line.period_end, invoice_line_id=line.id,
        )  # fmt: skip
        if net == line.net:
            return whole
        if by_quantity:
            return replace(whole, quantity=of[0], discount=of[0] * line.unit_price - net)
        return replace(whole, quantity=1, unit="", unit_price=net, discount=0)

    def _totals(self, lines: tuple[Correction, ...]) -> Totals:
        nets = _nets(lines)
        taxes = [
            TaxSum(tax.category, tax.rate, nets[tax.category, tax.rate], self._tax(tax.category, tax.rate, nets),
                   tax.exemption, tax.why)
            for tax in self.invoice.taxes
            if (tax.category, tax.rate) in nets
        ]  # fmt: skip
        return Totals(sum(tax.net for tax in taxes), sum(tax.tax for tax in taxes), taxes)

    def _tax(self, category: str, rate: int, nets: Mapping[Bracket, int]) -> int:
        """The tax on all that is credited of the bracket from now on, less what was credited before."""
        bracket = (category, rate)
        of_invoice = next(tax for tax in self.invoice.taxes if (tax.category, tax.rate) == bracket)
        lines = [line for line in self.invoice.lines if (line.tax_category, line.tax_rate) == bracket]
        net = nets[bracket] + sum(self.nets.get(line.id, 0) for line in lines)
        until_now = of_invoice.tax if net >= of_invoice.net else min(money.percent(net, rate), of_invoice.tax)
        return max(until_now - self.taxed.get(bracket, 0), 0)


def _nets(lines: tuple[Correction, ...]) -> dict[Bracket, int]:
    nets: dict[Bracket, int] = {}
    for line in lines:
        bracket = (line.tax_category, line.tax_rate)
        nets[bracket] = nets.get(bracket, 0) + line.net
    return nets


@dataclass(frozen=True)
class Taken:
    """What was credited of a line so far, before tax: by corrections, and as no longer used."""

    corrected: int = 0
    unused: int = 0


def taken_of(line_ids: Collection[int]) -> dict[int, Taken]:
    """By the id of the line. One statement."""
    nothing = literal(0)
    rows = union_all(
        select(CreditNoteLine.invoice_line_id.label("line"), CreditNoteLine.net.label("wrong"), nothing.label("unused"))
        .where(CreditNoteLine.invoice_line_id.in_(line_ids)),
        select(CreditNoteLine.credits_line_id, nothing, CreditNoteLine.net)
        .where(CreditNoteLine.credits_line_id.in_(line_ids)),
        select(InvoiceLine.credits_line_id, nothing, -InvoiceLine.net)
        .where(InvoiceLine.credits_line_id.in_(line_ids)),
    ).subquery()  # fmt: skip
    sums = select(rows.c.line, func.sum(rows.c.wrong), func.sum(rows.c.unused)).group_by(rows.c.line)
    found = {line: Taken(int(wrong), int(unused)) for line, wrong, unused in db.session().execute(sums)}
    return {line: found.get(line, Taken()) for line in line_ids}


def left_of(line_id: int) -> int:
    """What of a line was neither corrected nor credited as no longer used, before tax. Two statements."""
    taken = taken_of([line_id])[line_id]
    return db.session().get_one(InvoiceLine, line_id).net - taken.corrected - taken.unused


def creditable(invoice: Invoice) -> Creditable:
    """What is left of an invoice that comes with its lines and taxes. Two statements.

    Only a caller that holds the invoice's lock may act on it.
    """
    corrects = exists().where(
        CreditNoteLine.credit_note_id == CreditNoteTax.credit_note_id, CreditNoteLine.invoice_line_id.is_not(None)
    )
    by_bracket = (
        select(CreditNoteTax.category, CreditNoteTax.rate, func.sum(CreditNoteTax.tax))
        .join(CreditNote, CreditNote.id == CreditNoteTax.credit_note_id)
        .where(CreditNote.invoice_id == invoice.id, corrects)
        .group_by(CreditNoteTax.category, CreditNoteTax.rate)
    )
    taken = taken_of([line.id for line in invoice.lines])
    taxed = {(category, rate): int(tax) for category, rate, tax in db.session().execute(by_bracket)}
    nets = {line: one.corrected for line, one in taken.items() if one.corrected}
    unused = {line: one.unused for line, one in taken.items() if one.unused}
    return Creditable(invoice, nets, taxed, unused)
