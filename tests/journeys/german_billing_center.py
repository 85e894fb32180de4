"""The part of german.py that belongs to the Billing Center, its cart and its checkout."""

BILLING_CENTER: dict[str, str] = {
    # The Billing Center
    "Edit Subscription": "Abonnement bearbeiten",
    "Edit subscription": "Abonnement bearbeiten",
    "Proceed to Checkout": "Zur Kasse",
    "Organizers": "Organisatoren",
    "Yearly": "Jährlich",
    "Change": "Ändern",
    "Total due today": "Heute insgesamt fällig",
    "Cancel Subscription": "Abonnement kündigen",
    "Cancel %(plan)s": "%(plan)s kündigen",
    "%(product)s is cancelled. We have confirmed it by mail.": (
        "%(product)s ist gekündigt. Wir haben es per E-Mail bestätigt."
    ),
    "Remove Pending Cancellation": "Anstehende Kündigung entfernen",
    "Yes, remove cancellation": "Ja, Kündigung entfernen",
    "The pending cancellation is removed": "Die anstehende Kündigung ist entfernt",
    "Close": "Schließen",
    "Next": "Weiter",
    "Buy": "Kaufen",
    "Try": "Testen",
    "Add New Subscription": "Neues Abonnement hinzufügen",
    "Start Trial": "Testversion starten",
    "Subscribe Now": "Jetzt abonnieren",
    "Subscribe again": "Neu abonnieren",
    "Add Organizers": "Organisatoren hinzufügen",
    "Agents": "Agenten",
    "Monthly": "Monatlich",
    "Additional seats": "Zusätzliche Plätze",
    "%(added)s more, %(seats)s in all": "%(added)s mehr, insgesamt %(seats)s",
    "Order Summary": "Bestellübersicht",
    "All subscriptions of this account have expired. Subscribe again to go on.": (
        "Alle Abonnements dieses Kontos sind abgelaufen. Schließen Sie eines neu ab, um weiterzumachen."
    ),
    "Pending cancellation": "Anstehende Kündigung",
    "Payment overdue": "Zahlung überfällig",
    "Pay the renewal": "Verlängerung bezahlen",
    "Pay with %(card)s": "Mit %(card)s bezahlen",
    "%(product)s was renewed": "%(product)s wurde verlängert",
    "Billing period": "Abrechnungszeitraum",
    "Mastercard 4444: succeeds": "Mastercard 4444: erfolgreich",
    # VAT number
    "VAT ID": "USt-IdNr.",
    "VAT number": "USt-IdNr.",
    "Save the VAT number": "USt-IdNr. speichern",
    "The VAT number is saved.": "Die USt-IdNr. ist gespeichert.",
    "This VAT ID belongs to another country than the billing address. To change the country, write to our support.": (
        "Diese USt-IdNr. gehört zu einem anderen Land als die Rechnungsanschrift. Um das Land zu ändern, schreiben Sie"
        " unserem Kundendienst."
    ),
    "No VAT is charged: the recipient owes it in their own country (reverse charge).": (
        "Es wird keine Umsatzsteuer berechnet: Der Empfänger schuldet sie im eigenen Land (Umkehr der"
        " Steuerschuldnerschaft)."
    ),
    "VAT is charged. With a confirmed VAT ID the recipient would owe it in their own country instead.": (
        "Umsatzsteuer wird berechnet. Mit einer bestätigten USt-IdNr. schuldet sie stattdessen der Empfänger im eigenen"
        " Land."
    ),
    # Cart and checkout
    "Seats": "Plätze",
    "Add to Cart": "In den Warenkorb",
    "Checkout": "Kasse",
    "Edit Order": "Bestellung bearbeiten",
    "Add more products": "Weitere Produkte hinzufügen",
    "Save": "Speichern",
    "Place Order": "Bestellung aufgeben",
    "Your order is confirmed": "Ihre Bestellung ist bestätigt",
    "The renewal is paid": "Die Verlängerung ist bezahlt",
    "Invoice history": "Rechnungshistorie",
}
