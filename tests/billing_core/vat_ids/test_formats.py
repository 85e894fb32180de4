"""The form of a VAT ID by country, check digits included: a table."""

import pytest

from billing_core.errors import Invalid
from billing_core.vat_ids.formats import LONGEST, BadVatId, VatIdOfOtherCountry, parsed

GOOD = [
    ("DE", "DE136695976", "DE136695976"),
    ("DE", " de 136.695-976 ", "DE136695976"),
    ("DE", "136695976", "DE136695976"),
    ("AT", "U57194903", "ATU57194903"),
    ("AT", "ATU57194903", "ATU57194903"),
    ("FR", "FR 61 954 506 077", "FR61954506077"),
    ("BE", "BE697449992", "BE0697449992"),
    ("NL", "NL4495445B01", "NL004495445B01"),
    ("IE", "IE6433435F", "IE6433435F"),
    ("ES", "A13585625", "ESA13585625"),
    ("CY", "CY10259033P", "CY10259033P"),
    ("GR", "EL094259216", "EL094259216"),
    ("GR", "GR 094259216", "EL094259216"),
    ("GR", "094259216", "EL094259216"),
    ("GB", "GB980780684", "GB980780684"),
    ("GB", "XI980780684", "XI980780684"),
    ("CH", "CHE-107.787.577 IVA", "CHE-107.787.577 IVA"),
    ("US", "12-3456789", "123456789"),
    ("NO", "NO 995 525 828 MVA", "NO995525828MVA"),
]
BAD = [
    ("DE", "DE136695977", BadVatId),
    ("DE", "DE", BadVatId),
    ("DE", "DE13669597", BadVatId),
    ("DE", "DE136695976; --", BadVatId),
    ("DE", "DE\u0661\u0663\u0666\u0666\u0669\u0665\u0669\u0667\u0666", BadVatId),
    ("DE", "9" * 30, BadVatId),
    ("AT", "DE136695976", VatIdOfOtherCountry),
    ("AT", "GR094259216", VatIdOfOtherCountry),
    ("FR", "CHE-107.787.577 IVA", VatIdOfOtherCountry),
    ("DE", "XI980780684", VatIdOfOtherCountry),
    ("GB", "GB980780685", BadVatId),
    ("US", "a?b", Invalid),
    ("US", "9" * (LONGEST + 1), Invalid),
]


@pytest.mark.parametrize(("country", "typed", "kept"), GOOD)
def test_a_number_of_the_country_is_kept_in_one_form(country: str, typed: str, kept: str) -> None:
    assert parsed(typed, country) == kept
    assert parsed(kept, country) == kept
    assert len(kept) <= LONGEST


@pytest.mark.parametrize(("country", "typed", "why"), BAD)
def test_anything_else_is_refused_beside_the_field(country: str, typed: str, why: type[Invalid]) -> None:
    with pytest.raises(why) as refused:
        parsed(typed, country)
    assert type(refused.value) is why
    assert refused.value.field == "vat_id"
