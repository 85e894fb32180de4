import pytest

from billing_core.credentials.strength import TooEasy, TooLong, TooShort, common_words, demand_strength, is_easy

NAMES = ["Northgate", "anna.schmidt@acme-werke.example", "Anna Schmidt", "Acme Werke GmbH"]


EASY = """
passwordpassword
123456789012345
qwertyuiopasdfgh
Password2024!!!
P4ssw0rd2024!!!
aaaaaaaaaaaaaaaa
Northgate2024!!
Welcome-Northgate-1
annaschmidtanna
Anna.Schmidt.2026
ichliebedich1234
acmewerkeacmewerke
correct horse battery staple
Kennwort-Kennwort
98765432109876543
abcabcabcabcabcabc
billing portal 2026
1qaz2wsx3edc4rfv5tgb
qazwsxedcrfvtgb
christopher1234
dragonballz123456
liverpoolfc1892!!
"""
GOOD = """
amber cable drifts past noon
velvet otter quits jazz
Ohrwurm kaputt Ziegel Rost
zebra pocket anvil
four calm words suffice
sieben lila Giraffen
Zebra tanzt im Mondlicht
839274659283746
kQ7-vz.Lm2x_Tr9p
mein Fahrrad hat keine Klingel
漢字かな交じり文の長い合言葉です
x y z          stone
"""


@pytest.mark.parametrize("password", EASY.strip().splitlines())
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert is_easy(password, NAMES)
    with pytest.raises(TooEasy):
        demand_strength(password, NAMES)


@pytest.mark.parametrize("password", GOOD.strip().splitlines())
def test_what_is_not_is_taken_whatever_characters_it_has(password: str) -> None:
    demand_strength(password, NAMES)


def test_length_counts_characters_and_not_blanks_around_them() -> None:
    with pytest.raises(TooShort) as refused:
        demand_strength("x7-Qm!vT2_pLz9", [])
    assert refused.value.field == "password"
    assert refused.value.params == {"least": 15}
    with pytest.raises(TooShort):
        demand_strength("   x7-Qm!vT2_p    ", [])
    with pytest.raises(TooLong):
        demand_strength("x7-Qm!vT2_pLz9#k " * 8, [])


def test_the_list_is_data() -> None:
    assert len(common_words()) > 1000
    assert "strength.py" not in common_words()
