"""A register for demo and tests: it answers by the number's last figure and asks nobody."""

from billing_core.vat_ids.register import Answer, Question, Unavailable


class StandInRegister:
    """Last figure 9: no such number. 8: no answer. All others exist, also those that nobody was ever given."""

    name = "stand-in"

    def __init__(self, *, production: bool) -> None:
        if production:
            raise RuntimeError("the stand-in for the VAT register must not confirm anything in production")

    def ask(self, question: Question) -> Answer:
        """By the rule. Raises Unavailable."""
        last = [sign for sign in question.vat_id if sign.isdecimal()][-1:]
        if last == ["8"]:
            raise Unavailable("MS_UNAVAILABLE")
        if last == ["9"]:
            return Answer(is_known=False)
        number = f"STAND-IN-{question.vat_id}" if question.requester else ""
        return Answer(is_known=True, name="Stand-in Register", address="1 Example Street", consultation=number)
