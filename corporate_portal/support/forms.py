"""The choice of a lower tier, in the address of its page, and the form that applies what the page showed."""

from collections.abc import Sequence

from wtforms import HiddenField, RadioField

from billing_core.catalogue.offers import OfferedTier
from billing_core.orders.online.downgrading import When
from billing_core.web.forms import Form
from billing_core.words import lazy


class ChoiceForm(Form):
    """Which tier, and from when on. A GET form: it changes nothing."""

    class Meta(Form.Meta):
        """The address says what is shown."""

        csrf = False

    tier = RadioField(lazy("Lower plan"), validate_choice=False)
    when = RadioField(lazy("When"), validate_choice=False, default=When.AT_END.value)

    def offer(self, tiers: Sequence[OfferedTier], labels: dict[str, str]) -> None:
        """The tiers and the moments to choose from; a first tier is proposed."""
        self.tier.choices = [(tier.name, tier.name) for tier in tiers]
        self.when.choices = list(labels.items())
        if not self.tier.data and tiers:
            self.tier.data = tiers[-1].name


class ApplyForm(Form):
    """What is applied: the choice, the digest of what was shown, and the key that makes a form sent twice the same."""

    tier = HiddenField()
    when = HiddenField()
    seen = HiddenField()
    key = HiddenField()


def when_of(sent: str | None) -> When | None:
    """The moment that was chosen; None where it is none of ours."""
    return When(sent) if sent in list(When) else None
