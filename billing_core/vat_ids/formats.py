"""The form of a VAT ID by the rules of its country, check digits included. Pure: nobody is asked whether it exists."""

import re

from stdnum.ch import vat as swiss_vat
from stdnum.eu import vat as european_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as british_vat
from stdnum.jp import cn as japanese_number

from billing_core.errors import Invalid
from billing_core.sellers.tax import EU
from billing_core.words import mark

LONGEST = 20
"""Characters that are kept; the longest VAT ID in use has sixteen."""

_PREFIXES = {"GR": ("EL",), "GB": ("GB", "XI"), "CH": ("CHE",)}
_FIELD = "vat_id"


class BadVatId(Invalid):
    """The text cannot be a VAT ID of the account's country."""

    message = mark("This cannot be a VAT ID of the account's country, which begins with %(prefix)s. Please check it.")


class VatIdOfOtherCountry(Invalid):
    """The VAT ID is well formed, but another country gives it out. The account's country is not changed by it."""

    message = mark(
        "This VAT ID belongs to another country than the billing address. To change the country, write to our support."
    )


def prefixes_of(country: str) -> tuple[str, ...]:
    """What a VAT ID of the country begins with; none where we know no rule.

    Greece writes EL. A British company may state the XI of Northern Ireland, which counts for goods only.
    """
    known = _PREFIXES.get(country)
    return known or ((country,) if country in EU else ())


def is_of_eu(vat_id: str) -> bool:
    """Whether the register of the EU can know a VAT ID as we keep it."""
    return vat_id.startswith(OF_EU)


def parsed(typed: str, country: str) -> str:
    """The VAT ID as it is kept: upper case, no spaces, with its prefix, which may be left out.

    Raises BadVatId, and VatIdOfOtherCountry, both for the field `vat_id`.
    """
    bare, prefixes = compact(typed), prefixes_of(country)
    bare = _greek(bare) if country == "GR" else bare
    if not prefixes or bare.startswith(prefixes):
        return _refused_unless_good(bare, country)
    if is_well_formed(prefixes[0] + bare):
        return normal(prefixes[0] + bare)
    if bare.startswith(_ALL_PREFIXES) and is_well_formed(bare):
        raise VatIdOfOtherCountry(field=_FIELD)
    raise BadVatId(field=_FIELD, prefix=prefixes[0])


def _refused_unless_good(bare: str, country: str) -> str:
    if len(bare) > LONGEST or not is_well_formed(bare):
        known = prefixes_of(country)
        if not known:
            raise Invalid(mark("This cannot be a VAT ID. Please check it."), field=_FIELD)
        raise BadVatId(field=_FIELD, prefix=known[0])
    return normal(bare)


def compact(typed: str) -> str:
    """Upper case, without the spaces, dots and dashes that people write between the groups."""
    return re.sub(r"[\s.\-]", "", typed).upper()


def normal(bare: str) -> str:
    """The one way in which a well-formed VAT ID is written."""
    bare = _greek(bare)
    if bare.startswith("CHE"):
        return swiss_vat.format(bare)
    return european_vat.validate(bare) if bare.startswith(OF_EU) else bare


def is_well_formed(bare: str) -> bool:
    """By the rules of the country that its prefix names; other countries' numbers only by their characters."""
    try:
        _check(bare)
    except ValidationError:
        return False
    return True


OF_EU = tuple(sorted(prefix for country in EU for prefix in prefixes_of(country)))
"""What VAT IDs of the EU begin with."""
_ALL_PREFIXES = (*OF_EU, "GR", "GB", "XI", "CHE")


def _greek(bare: str) -> str:
    """With the EL of VAT IDs where somebody wrote the GR of all other codes."""
    return "EL" + bare[2:] if bare.startswith("GR") else bare


def _check(bare: str) -> None:
    bare = _greek(bare)
    if not bare.isascii():
        raise ValidationError
    if bare.startswith("CHE"):
        swiss_vat.validate(bare)
    elif bare.startswith(("GB", "XI")):
        british_vat.validate(bare)
    elif bare.startswith("T") and bare[1:].isdecimal():
        japanese_number.validate(bare[1:])
    elif bare.startswith(OF_EU):
        european_vat.validate(bare)
    elif re.fullmatch("[A-Z0-9]{4,20}", bare) is None:
        raise ValidationError
