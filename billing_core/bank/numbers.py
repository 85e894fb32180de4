"""Invoice numbers in what payers write: with blanks, dashes or none, in small letters, several in one line.

Nothing is guessed here: these are all spellings that could be a number; which of them is one, the invoices say.
"""

import re
import unicodedata
from itertools import islice

from stdnum.iso11649 import is_valid

from billing_core.bank.models import BankEntry

_MOST_PIECES, _LONGEST_CHAIN = 300, 6
_SHORTEST, _LONGEST, _SHORTEST_FIGURES = 4, 40, 5
_LONGEST_PREFIX = 6
"""Letters of a number that somebody may have glued to the word before it: RECHNUNGRE10417."""
_PIECE = re.compile(r"[A-Z]+|[0-9]+")
_JOINT = re.compile(r"[\s./:#_\u2010-\u2015-]*")
"""What may stand inside a number. A comma or a plus ends it."""


def possible_numbers(text: str) -> set[str]:
    """Every run of letters and figures that could be a number, in the form of `numbering.plain`."""
    folded = unicodedata.normalize("NFKC", text).upper()
    pieces = list(islice(_PIECE.finditer(folded), _MOST_PIECES))
    found: set[str] = set()
    for first, piece in enumerate(pieces):
        chain, end = "", piece.start()
        for following in pieces[first : first + _LONGEST_CHAIN]:
            if not _JOINT.fullmatch(folded, end, following.start()):
                break
            chain, end = chain + following.group(), following.end()
            found.update(_spellings(chain, len(piece.group()) if piece.group().isalpha() else 0))
    return found


def _spellings(chain: str, letters: int) -> set[str]:
    starts = {0, *range(max(letters - _LONGEST_PREFIX, 0), letters)}
    return {spelled for start in starts if _could_be(spelled := chain[start:])}


def _could_be(spelled: str) -> bool:
    shortest = _SHORTEST_FIGURES if spelled.isdigit() else _SHORTEST
    return shortest <= len(spelled) <= _LONGEST and any(c.isdigit() for c in spelled)


def numbers_in(entry: BankEntry) -> set[str]:
    """What could be an invoice number in all that the payer said: text, structured reference, end-to-end id."""
    references = entry.creditor_reference.split()
    said = [entry.remittance, entry.end_to_end_id, *(one[4:] if is_valid(one) else one for one in references)]
    return set().union(*(possible_numbers(text) for text in said))
