"""The hosted page's words, English and German."""

from collections.abc import Callable

from werkzeug.datastructures import LanguageAccept

LANGUAGES = ("en", "de")
WORDS: dict[str, tuple[str, str]] = {
    "test_mode": ("TEST MODE", "TESTMODUS"),
    "no_money": (
        "No money moves here, and no real card is accepted.",
        "Hier fließt kein Geld, und keine echte Karte wird angenommen.",
    ),
    "pay_title": ("Pay {merchant}", "Zahlung an {merchant}"),
    "save_title": ("Save a card for {merchant}", "Karte für {merchant} speichern"),
    "amount_due": ("Amount to pay", "Zu zahlender Betrag"),
    "quantity": ("Quantity: {quantity}", "Menge: {quantity}"),
    "kept_for_later": (
        "The card will be kept for later payments to {merchant}.",
        "Die Karte wird für spätere Zahlungen an {merchant} gespeichert.",
    ),
    "nothing_charged": ("Nothing is charged now.", "Jetzt wird nichts abgebucht."),
    "card_number": ("Card number", "Kartennummer"),
    "card_number_hint": (
        "Test numbers only, for example {example}. What you type stays in this browser.",
        "Nur Testnummern, zum Beispiel {example}. Was Sie eingeben, verlässt diesen Browser nicht.",
    ),
    "card_number_unknown": (
        "This is none of the test numbers. It has not been sent; please choose a test card below.",
        "Das ist keine der Testnummern. Sie wurde nicht gesendet; bitte wählen Sie unten eine Testkarte.",
    ),
    "test_card": ("Test card", "Testkarte"),
    "pay": ("Pay", "Zahlen"),
    "save": ("Save card", "Karte speichern"),
    "cancel": ("Cancel and return", "Abbrechen und zurück"),
    "back": ("Return to {merchant}", "Zurück zu {merchant}"),
    "pm_card_visa": ("Visa 4242: succeeds", "Visa 4242: erfolgreich"),
    "pm_card_mastercard": ("Mastercard 4444: succeeds", "Mastercard 4444: erfolgreich"),
    "pm_card_amex": ("American Express 0005: succeeds", "American Express 0005: erfolgreich"),
    "pm_card_discover": ("Discover 1117: succeeds", "Discover 1117: erfolgreich"),
    "pm_card_visa_chargeDeclined": ("Visa 0002: declined", "Visa 0002: abgelehnt"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("Visa 9995: insufficient funds", "Visa 9995: nicht gedeckt"),
    "pm_card_chargeDeclinedExpiredCard": ("Visa 0069: expired card", "Visa 0069: abgelaufene Karte"),
    "pm_card_threeDSecure2Required": ("Visa 3220: 3-D Secure required", "Visa 3220: 3-D Secure erforderlich"),
    "pm_card_authenticationRequiredOnSetup": (
        "Visa 3155: 3-D Secure once, later charges without",
        "Visa 3155: 3-D Secure einmal, spätere Abbuchungen ohne",
    ),
    "pm_card_chargeCustomerFail": (
        "Visa 0341: can be saved, later charges fail",
        "Visa 0341: speicherbar, spätere Abbuchungen scheitern",
    ),
    "pm_card_authenticationRequired": (
        "Visa 3184: 3-D Secure for every charge",
        "Visa 3184: 3-D Secure bei jeder Abbuchung",
    ),
    "pm_card_expiresSoon": ("Visa 1881: expires this month", "Visa 1881: läuft diesen Monat ab"),
    "pm_card_pendingRefund": (
        "Visa 7726: succeeds, refunds take a while",
        "Visa 7726: erfolgreich, Erstattungen dauern etwas",
    ),
    "pm_card_refundFail": ("Visa 5126: succeeds, refunds fail later", "Visa 5126: erfolgreich, Erstattungen scheitern"),
    "pm_card_createDispute": ("Visa 0259: succeeds, then disputed", "Visa 0259: erfolgreich, dann angefochten"),
    "pm_card_createDisputeInquiry": (
        "Visa 1976: succeeds, then asked about by the bank",
        "Visa 1976: erfolgreich, dann Rückfrage der Bank",
    ),
    "not_paid": ("The payment did not go through", "Die Zahlung ist nicht erfolgt"),
    "not_saved": ("The card was not saved", "Die Karte wurde nicht gespeichert"),
    "generic_decline": ("The card was declined.", "Die Karte wurde abgelehnt."),
    "insufficient_funds": ("The card has insufficient funds.", "Die Karte ist nicht ausreichend gedeckt."),
    "expired_card": ("The card has expired.", "Die Karte ist abgelaufen."),
    "payment_intent_authentication_failure": ("3-D Secure was not completed.", "3-D Secure wurde nicht bestätigt."),
    "setup_intent_authentication_failure": ("3-D Secure was not completed.", "3-D Secure wurde nicht bestätigt."),
    "try_again": (
        "Nothing was charged. Please choose another card.",
        "Es wurde nichts abgebucht. Bitte wählen Sie eine andere Karte.",
    ),
    "challenge_title": ("Confirm this payment with your bank", "Bestätigen Sie diese Zahlung bei Ihrer Bank"),
    "challenge_title_save": ("Confirm this card with your bank", "Bestätigen Sie diese Karte bei Ihrer Bank"),
    "challenge_text": (
        "This page stands for your bank's 3-D Secure page. Choose how it ends.",
        "Diese Seite steht für die 3-D-Secure-Seite Ihrer Bank. Wählen Sie, wie sie endet.",
    ),
    "complete_authentication": ("Complete authentication", "Authentifizierung abschließen"),
    "fail_authentication": ("Fail authentication", "Authentifizierung scheitern lassen"),
    "complete_title": ("This payment is complete", "Diese Zahlung ist abgeschlossen"),
    "complete_title_save": ("This card is saved", "Diese Karte ist gespeichert"),
    "complete_text": ("Nothing more is to be done here.", "Hier ist nichts weiter zu tun."),
    "expired_title": ("This page has expired", "Diese Seite ist abgelaufen"),
    "expired_text": (
        "Nothing was charged. Please start again where you came from.",
        "Es wurde nichts abgebucht. Bitte beginnen Sie dort neu, wo Sie hergekommen sind.",
    ),
    "missing_title": ("There is no such page", "Diese Seite gibt es nicht"),
    "missing_text": ("The address is not complete or not right.", "Die Adresse ist unvollständig oder falsch."),
    "refused_title": ("That could not be accepted", "Das konnte nicht angenommen werden"),
    "refused_card_number": (
        "Something that looks like a card number was sent. It was refused and has not been stored.",
        "Es wurde etwas gesendet, das wie eine Kartennummer aussieht. Es wurde abgewiesen und nicht gespeichert.",
    ),
    "refused_form": (
        "The form is out of date or not complete. Please open the page again.",
        "Das Formular ist veraltet oder unvollständig. Bitte öffnen Sie die Seite erneut.",
    ),
    "reopen": ("Open the page again", "Seite erneut öffnen"),
}

Say = Callable[..., str]


def language(wanted: str | None, accepted: LanguageAccept) -> str:
    """The session's language where the sandbox speaks it; `auto` and an unset one follow the browser."""
    if wanted in (None, "auto"):
        return accepted.best_match(LANGUAGES) or LANGUAGES[0]
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def speaker(chosen: str) -> Say:
    """A function from a word's name and its parameters to the text."""
    index = LANGUAGES.index(chosen)

    def say(name: str, **parameters: object) -> str:
        return WORDS[name][index].format(**parameters)

    return say
