"""What a German reader is to see for each English text of the journeys, written down apart from the product."""

from tests.journeys.german_billing_center import BILLING_CENTER

GERMAN: dict[str, str] = {
    # Doors and passwords
    "User ID (username or e-mail)": "Benutzer-ID (Benutzername oder E-Mail)",
    "Password": "Kennwort",
    "Sign in": "Anmelden",
    "Reset/Create your password": "Kennwort zurücksetzen/erstellen",
    "Submit": "Senden",
    "Look into your mailbox": "Sehen Sie in Ihr Postfach",
    "Create your password": "Kennwort erstellen",
    "New password": "Neues Kennwort",
    "New password again": "Neues Kennwort wiederholen",
    "Save the password": "Kennwort speichern",
    "Your new password is set. Sign in with it now.": "Ihr neues Kennwort gilt jetzt. Melden Sie sich damit an.",
    "Reset your password": "Kennwort zurücksetzen",
    "Choose a new password": "Neues Kennwort wählen",
    "Use at least 15 characters. Several words in a row are easy to remember.": (
        "Verwenden Sie mindestens 15 Zeichen. Mehrere Wörter hintereinander sind leicht zu merken."
    ),
    "This link does not work any more": "Dieser Link funktioniert nicht mehr",
    "User ID does not belong to a billing contact of a corporate account": (
        "Benutzer-ID gehört nicht zu einem Abrechnungskontakt eines Unternehmenskontos"
    ),
    "Enter your password.": "Geben Sie Ihr Kennwort ein.",
    "Sign out": "Abmelden",
    "Signed in as": "Angemeldet als",
    "You are signed out.": "Sie sind abgemeldet.",
    "You are signed out": "Sie sind abgemeldet",
    "You will be signed out soon": "Sie werden bald abgemeldet",
    "Stay signed in": "Angemeldet bleiben",
    "Sign in again": "Wieder anmelden",
    "Account": "Konto",
    "Language": "Sprache",
    # Two-step sign-in
    "Security": "Sicherheit",
    "Set up an authenticator app": "Authentifizierungs-App einrichten",
    "Add a passkey": "Passkey hinzufügen",
    "Make the passkey": "Passkey erstellen",
    "Use your passkey": "Passkey benutzen",
    "Nothing came back from your passkey. Try again, or choose another way.": (
        "Von Ihrem Passkey kam nichts zurück. Versuchen Sie es noch einmal, oder nehmen Sie einen anderen Weg."
    ),
    "Confirm that it is you": "Bestätigen Sie, dass Sie es sind",
    "This is not your password.": "Das ist nicht Ihr Kennwort.",
    "Your password": "Ihr Kennwort",
    "Add the key to your app": "Schlüssel in Ihre App übernehmen",
    "Key": "Schlüssel",
    "Code": "Code",
    "Confirm": "Bestätigen",
    "Keep your recovery codes": "Bewahren Sie Ihre Wiederherstellungscodes auf",
    "I have kept them": "Ich habe sie aufbewahrt",
    "Second step of the sign-in": "Zweiter Schritt der Anmeldung",
    "This code is not right, or it was used before. Wait for the next one and try again.": (
        "Dieser Code ist nicht richtig oder wurde schon benutzt. Warten Sie auf den nächsten und versuchen Sie es "
        "erneut."
    ),
    "Remove two-step sign-in": "Anmeldung in zwei Schritten entfernen",
    "Two-step sign-in is removed. You are signed in only here now.": (
        "Die Anmeldung in zwei Schritten ist entfernt. Sie sind jetzt nur noch hier angemeldet."
    ),
    # Who is a contact
    "Billing contacts": ("Abrechnungskontakte"),
    "Replace": ("Ersetzen"),
    "Ask for a change of contacts": ("Änderung der Kontakte anfragen"),
    "Name of the new contact": ("Name des neuen Kontakts"),
    "E-mail address": ("E-Mail-Adresse"),
    "Send the request": ("Anfrage senden"),
    "Changes of contacts": ("Änderungen der Kontakte"),
    "Change of contacts": ("Änderung der Kontakte"),
    "How did you make sure?": ("Wie haben Sie sich vergewissert?"),
    "Carry it out": ("Ausführen"),
    "The change is carried out. Everybody whom it concerns has been told.": (
        "Die Änderung ist ausgeführt. Alle, die es betrifft, wissen Bescheid."
    ),
    "Your request is on its way. We make sure that it is right before anything changes.": (
        "Ihre Anfrage ist unterwegs. Wir vergewissern uns, dass sie stimmt, bevor sich etwas ändert."
    ),
    # Two contacts
    "Your acceptance is kept. A second contact has to confirm it before anything is ordered.": (
        "Ihre Annahme ist festgehalten. Bevor etwas bestellt ist, muss ein zweiter Kontakt bestätigen."
    ),
    "Confirm and place the order": ("Bestätigen und bestellen"),
    "Proposed payment": ("Vorgeschlagene Zahlung"),
    "Confirm and pay by card": ("Bestätigen und mit Karte bezahlen"),
    # My Account and Admin Center
    "Sign in to My Account": "Bei Mein Konto anmelden",
    "Go to My Account": "Zu Mein Konto",
    "My Account could not hand you over to billing": "Mein Konto konnte Sie nicht an die Abrechnung übergeben",
    "Back to My Account": "Zurück zu Mein Konto",
    "My Account": "Mein Konto",
    "Admin Center": "Admin Center",
    "Go to Billing": "Zur Abrechnung",
    "Add Licenses": "Lizenzen hinzufügen",
    "Subscriptions": "Abonnements",
    "Contact your billing administrator": "Kontaktieren Sie Ihren Abrechnungsadministrator",
    "Name": "Name",
    "E-mail": "E-Mail",
    "Email the billing admin": "E-Mail an den Abrechnungsadministrator",
    "Send message": "Nachricht senden",
    "Your message": "Ihre Nachricht",
    "Write what you need, so that your contact can help.": (
        "Schreiben Sie, was Sie brauchen, damit Ihr Abrechnungskontakt helfen kann."
    ),
    "Your message was sent to your billing contact.": "Ihre Nachricht wurde an Ihren Abrechnungskontakt gesendet.",
    "Plans and prices": "Pläne und Preise",
    "Compare Plans": "Pläne vergleichen",
    "Back to your choice": "Zurück zu Ihrer Auswahl",
    "Compare plans: %(product)s": "Pläne vergleichen: %(product)s",
    "See what is included": "Leistungen ansehen",
    "Your plan": "Ihr Plan",
    "Choose the account": "Konto auswählen",
    "Choose": "Auswählen",
    "Profile": "Profil",
    # Desk
    "Sections": "Bereiche",
    "Work list": "Arbeitsliste",
    "New quote": "Neues Angebot",
    "Title": "Titel",
    "Line %(number)s: %(heading)s": "Position %(number)s: %(heading)s",
    "New product": "Neues Produkt",
    "Product": "Produkt",
    "Quantity": "Menge",
    "Discount": "Rabatt",
    "Recalculate": "Neu berechnen",
    "Save draft": "Entwurf speichern",
    "The draft is saved.": "Der Entwurf ist gespeichert.",
    "Draft": "Entwurf",
    "Preview": "Vorschau",
    "Submit to the customer": "An den Kunden senden",
    "The quote is sent. The contacts who may accept it get a mail.": (
        "Das Angebot ist verschickt. Die Kontakte, die es annehmen dürfen, erhalten eine E-Mail."
    ),
    "Accepted": "Angenommen",
    "Decided by": "Entschieden von",
    "Rejected": "Abgelehnt",
    "Edit": "Bearbeiten",
    "The discount is above your limit. The managers are asked; it is sent when one approves.": (
        "Der Rabatt liegt über Ihrer Grenze. Die Leitung ist gefragt; das Angebot wird verschickt, sobald sie zustimmt."
    ),
    "Approve or return": "Freigeben oder zurückgeben",
    "Note to the representative": "Notiz an den zuständigen Mitarbeiter",
    "Return to the representative": "An den Mitarbeiter zurückgeben",
    "Say in a few words what has to change.": "Sagen Sie in wenigen Worten, was sich ändern muss.",
    "The quote is a draft again. Its representative has your note.": (
        "Das Angebot ist wieder ein Entwurf. Der zuständige Mitarbeiter hat Ihre Notiz."
    ),
    "Approve and send": "Freigeben und verschicken",
    "The quote is approved and sent. Its representative has been told.": (
        "Das Angebot ist freigegeben und verschickt. Der zuständige Mitarbeiter wurde benachrichtigt."
    ),
    "Change asked for": "Änderung erbeten",
    "Make a new version": "Neue Fassung anlegen",
    "This is the next version. The customer sees it when you submit it.": (
        "Das ist die nächste Fassung. Der Kunde sieht sie, wenn Sie sie abschicken."
    ),
    "Make a draft": "Entwurf erstellen",
    "The draft is made of the request. Look at it, then submit it.": (
        "Aus der Anfrage ist ein Entwurf entstanden. Sehen Sie ihn durch und verschicken Sie ihn dann."
    ),
    "As the customer sees it": "Wie der Kunde es sieht",
    "Back to the desk": "Zurück zum Arbeitsplatz",
    "Record a decision": "Entscheidung festhalten",
    "Who decided?": "Wer hat entschieden?",
    "By phone": "Telefonisch",
    "Reference of the proof": "Verweis auf den Nachweis",
    "Record the decision": "Entscheidung festhalten",
    "The decision is recorded. The contact is told by mail.": (
        "Die Entscheidung ist festgehalten. Der Kontakt wird per E-Mail informiert."
    ),
    "Money": "Zahlungen",
    "Book money that came in": "Zahlungseingang buchen",
    "Reference": "Referenz",
    "Show where it goes": "Aufteilung anzeigen",
    "Where the money goes": "Verwendung des Geldes",
    "Book it so": "So buchen",
    "The money is booked.": "Der Zahlungseingang ist gebucht.",
    "Use credit": "Guthaben verrechnen",
    "Account credit was used for invoice": "Guthaben wurde mit Rechnung",
    # Quotes
    "Ask for a change": "Um Änderung bitten",
    "What should change?": "Was soll anders sein?",
    "Your representative has been told. Until a new version comes, this one stays valid.": (
        "Ihr zuständiger Mitarbeiter wurde benachrichtigt. Bis eine neue Fassung kommt, bleibt diese gültig."
    ),
    "What changed since version %(version)s": "Was sich seit Fassung %(version)s geändert hat",
    "Request seats or products": "Plätze oder Produkte anfragen",
    "What would you like?": "Was möchten Sie?",
    "How many seats": "Wie viele Plätze",
    "What else we should know": "Was wir noch wissen sollten",
    "Send request": "Anfrage senden",
    "Your representative has your request. The quote appears here as soon as it is sent.": (
        "Ihre Anfrage liegt Ihrem zuständigen Mitarbeiter vor. Das Angebot erscheint hier, sobald es verschickt ist."
    ),
    "Download the certificate": "Annahmebestätigung herunterladen",
    "Document": "Dokument",
    "Verify": "Prüfen",
    "Genuine": "Echt",
    "Altered, or not from us": "Verändert oder nicht von uns",
    "Order the ticked quotes together": "Angekreuzte Angebote zusammen beauftragen",
    "Purchase order number for all": "Bestellnummer für alle",
    "Confirm your orders": "Aufträge bestätigen",
    "Your orders": "Ihre Aufträge",
    "Outstanding": "Offen",
    "History": "Verlauf",
    "No quote waits for you": "Es wartet kein Angebot auf Sie",
    "Reject": "Ablehnen",
    "Reject this quote": "Dieses Angebot ablehnen",
    "Reject quote": "Angebot ablehnen",
    "Reason": "Grund",
    "Say in a few words why you reject this quote.": "Sagen Sie in wenigen Worten, warum Sie dieses Angebot ablehnen.",
    "The quote was rejected. Your representative has been told.": (
        "Das Angebot wurde abgelehnt. Ihr zuständiger Mitarbeiter wurde benachrichtigt."
    ),
    "You can read this quote. Accepting it needs a contact of your company with that right.": (
        "Sie können dieses Angebot lesen. Annehmen kann es ein Kontakt Ihres Unternehmens mit diesem Recht."
    ),
    "Expired": "Abgelaufen",
    "You can read this invoice. Paying it needs a contact of your company with that right.": (
        "Sie können diese Rechnung lesen. "
        "Bezahlen kann sie ein Abrechnungskontakt Ihres Unternehmens mit dem Recht dazu."
    ),
    "Review the quote": "Angebot prüfen",
    "Quotes": "Angebote",
    "Total today": "Gesamtbetrag heute",
    "Review and accept": "Prüfen und annehmen",
    "Order details": "Auftragsangaben",
    "Purchase order number": "Bestellnummer",
    "By invoice": "Auf Rechnung",
    "Continue": "Weiter",
    "Confirm your order": "Auftrag bestätigen",
    "Place Service Order": "Serviceauftrag erteilen",
    "Tick the box to confirm that you want to place this order.": (
        "Setzen Sie das Häkchen, um zu bestätigen, dass Sie diesen Auftrag erteilen möchten."
    ),
    "Your order is placed": "Ihr Auftrag ist erteilt",
    "Invoice amount": "Rechnungsbetrag",
    # Invoices and payments
    "Invoices": "Rechnungen",
    "Credit notes": "Gutschriften",
    "Credit note %(number)s": "Gutschrift %(number)s",
    "Manage the numbers": "Nummern verwalten",
    "Purchase order numbers": "Bestellnummern",
    "Keep this number": "Nummer hinterlegen",
    "Invoice": "Rechnung",
    "Go to the invoice": "Zur Rechnung",
    "Invoice %(number)s": "Rechnung %(number)s",
    "Balance": "Offener Betrag",
    "Pay now": "Jetzt bezahlen",
    "Pay a part": "Einen Teil bezahlen",
    "Amount": "Betrag",
    "Continue to the card": "Weiter zur Karte",
    "Continue the payment": "Zahlung fortsetzen",
    "Card": "Karte",
    "Saved cards": "Gespeicherte Karten",
    "Manage the cards": "Karten verwalten",
    "No card is saved": "Keine Karte ist gespeichert",
    "Add a card": "Karte hinzufügen",
    "The card is saved. You can pay with it from now on.": (
        "Die Karte ist gespeichert. Sie können ab jetzt mit ihr zahlen."
    ),
    "A saved card of Lindner Maschinenbau GmbH was removed": (
        "Eine gespeicherte Karte von Lindner Maschinenbau GmbH wurde entfernt"
    ),
    "Keep this card for later payments": "Diese Karte für spätere Zahlungen speichern",
    "A new card": "Eine neue Karte",
    "Proposed first": "Wird zuerst vorgeschlagen",
    "Propose first": "Zuerst vorschlagen",
    "Expires soon": "Läuft bald ab",
    "Remove": "Entfernen",
    "Remove this card": "Diese Karte entfernen",
    "Yes, remove card": "Ja, Karte entfernen",
    "Your bank asks you to confirm this payment.": "Ihre Bank bittet Sie, diese Zahlung zu bestätigen.",
    "%(card)s was removed. Nothing is charged to it any more.": (
        "%(card)s wurde entfernt. Von ihr wird nichts mehr abgebucht."
    ),
    "Test card": "Testkarte",
    "Visa 0002: declined": "Visa 0002: abgelehnt",
    "Visa 3220: 3-D Secure required": "Visa 3220: 3-D Secure erforderlich",
    "Pay": "Zahlen",
    "The payment did not go through": "Die Zahlung ist nicht erfolgt",
    "Confirm this payment with your bank": "Bestätigen Sie diese Zahlung bei Ihrer Bank",
    "Complete authentication": "Authentifizierung abschließen",
    "Thank you for your payment": "Vielen Dank für Ihre Zahlung",
    "Enter the amount that you want to pay.": "Geben Sie den Betrag ein, den Sie bezahlen möchten.",
    "Paid amount": "Bezahlter Betrag",
    "Remaining balance": "Restbetrag",
    "Back to the invoice": "Zurück zur Rechnung",
    "Partially paid": "Teilweise bezahlt",
    "Download PDF": "PDF herunterladen",
    # Credit notes by finance
    "Name, customer number or invoice number": "Name, Kundennummer oder Rechnungsnummer",
    "Apply": "Anwenden",
    "Credit this invoice": "Diese Rechnung gutschreiben",
    "Check the credit note": "Gutschrift prüfen",
    "Issue the credit note": "Gutschrift ausstellen",
    "Pay selected invoices": "Ausgewählte Rechnungen bezahlen",
    "Pay all open invoices": "Alle offenen Rechnungen bezahlen",
    "Tick at least one invoice.": "Wählen Sie mindestens eine Rechnung aus.",
    "Pay several invoices": "Mehrere Rechnungen bezahlen",
    "One amount, oldest first": "Ein Betrag, älteste zuerst",
    "One amount for all": "Ein Betrag für alle",
    "Show allocation": "Aufteilung anzeigen",
    "Confirm your payment": "Zahlung bestätigen",
    "Change the amounts": "Beträge ändern",
    "Pay by card": "Mit Karte bezahlen",
    "Back to the invoices": "Zurück zu den Rechnungen",
    # Money that goes back
    "Paid by card": "Mit Karte bezahlt",
    "Refunds": "Erstattungen",
    "Approve": "Freigeben",
    "Refund the payment": "Zahlung erstatten",
    "The money was sent back to the card.": "Das Geld wurde auf die Karte erstattet.",
    "This invoice is disputed": "Diese Rechnung ist angefochten",
    "This payment is disputed": "Diese Zahlung ist angefochten",
    # Bank statements
    "Bank statements": "Bankauszüge",
    "File of the bank (camt.053)": "Datei der Bank (camt.053)",
    "Import": "Einlesen",
    "This file is not an XML file.": "Das ist keine XML-Datei.",
    "The statement was imported.": "Der Auszug wurde eingelesen.",
    "Book 3 certain entries": "3 eindeutige Umsätze buchen",
    "3 entries are booked.": "3 Umsätze sind gebucht.",
    "Invoice %(number)s is the only open one of this amount.": (
        "Rechnung %(number)s ist die einzige offene über diesen Betrag."
    ),
    "Book as proposed": "Wie vorgeschlagen buchen",
    "for %(company)s": "für %(company)s",
    "The entry is booked.": "Der Umsatz ist gebucht.",
    "Money from this bank account was booked for this customer before.": (
        "Geld von diesem Bankkonto wurde schon für diesen Kunden gebucht."
    ),
    "It carries the same end-to-end reference as the money that came.": (
        "Er trägt dieselbe Ende-zu-Ende-Referenz wie der Eingang."
    ),
    "Undo the booking": "Buchung zurücknehmen",
    "The booking is undone. What it paid is open again.": (
        "Die Buchung ist zurückgenommen. Was sie bezahlt hatte, ist wieder offen."
    ),
    "Why it is not booked": "Warum nicht gebucht wird",
    "Dismiss them all": "Alle ablegen",
    "2 entries are dismissed.": "2 Umsätze sind abgelegt.",
    "Look at unmatched money": "Ungeklärte Umsätze ansehen",
    "Unmatched money": "Ungeklärte Umsätze",
    "Another customer": "Anderer Kunde",
    "Dismiss": "Ablegen",
    "The entry is dismissed.": "Der Umsatz ist abgelegt.",
    "No entry waits": "Kein Umsatz wartet",
    "This file was imported before. Nothing was imported.": (
        "Diese Datei wurde schon eingelesen. Es wurde nichts eingelesen."
    ),
    # Reconciliation and review
    "Your payment is being checked": "Ihre Zahlung wird geprüft",
    "Payments to review": "Zu prüfende Zahlungen",
    "Payments to review (1)": "Zu prüfende Zahlungen (1)",
    "Review of a card payment": "Prüfung einer Kartenzahlung",
    "Take in what came": "Annehmen, was gekommen ist",
    "Give all of it back to the card": "Alles auf die Karte zurückgeben",
    "Decide": "Entscheiden",
    "Look again": "Erneut nachsehen",
    "Choose what is to become of the money.": "Wählen Sie, was aus dem Geld werden soll.",
    "The money was taken in, and the customer gets the receipt.": (
        "Das Geld ist angenommen, und der Kunde bekommt den Beleg."
    ),
    "Another amount came than was asked for": "Es ist ein anderer Betrag gekommen als verlangt",
    "The money goes back to your card": "Das Geld geht auf Ihre Karte zurück",
    "Reconciliation": "Abgleich",
    "Run now": "Jetzt abgleichen",
    "Both agree": "Beide stimmen überein",
    "1 difference": "1 Abweichung",
    "Here the payment is set aside, at the card processor it is paid.": (
        "Hier ist die Zahlung zurückgestellt, beim Kartendienstleister ist sie bezahlt."
    ),
    # Receivables
    "Open items": "Offene Posten",
    "Open items of %(company)s": "Offene Posten von %(company)s",
    "Clear filters": "Filter zurücksetzen",
    "Another reminder": "Erneute Erinnerung",
    "Reminders": "Erinnerungen",
    "Note for the desk": "Interne Notiz",
    "Hold back": "Aussetzen",
    "Reminders are held back.": "Die Erinnerungen sind ausgesetzt.",
    "Send reminders again": "Erinnerungen wieder senden",
    "Reminders go out again from the next daily run on.": (
        "Erinnerungen werden ab dem nächsten täglichen Lauf wieder gesendet."
    ),
    "Day-end report": "Tagesabschluss",
    "Both ways agree": "Beide Wege stimmen überein",
    "Seller": "Verkaufende Gesellschaft",
    "Export for bookkeeping": "Export für die Buchhaltung",
    "First day": "Erster Tag",
    "Download CSV": "CSV herunterladen",
} | BILLING_CENTER
