"""What a payer fills in: on the hosted page, and in the Payment Element."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.sandbox import clock
from payments.sandbox.paying.cards import Card, card_of
from payments.sandbox.paying.rehearsal import Bank, Rehearsal
from payments.sandbox.webhooks.deliveries import Webhook

EXPIRY = re.compile(r"(\d{1,2})\s*[/-]\s*(?:20)?(\d{2})|(\d{2})(\d{2})", re.ASCII)
CVC = re.compile(r"\d{3,4}", re.ASCII)


class ForgetfulInput(forms.TextInput):
    """Never shows again what was typed."""

    def format_value(self, value: Any) -> None:
        return None


def digits_input(
    autocomplete: str, placeholder: str | Promise, input: type[forms.TextInput] = forms.TextInput
) -> forms.TextInput:
    return input({"autocomplete": autocomplete, "inputmode": "numeric", "placeholder": placeholder})


class RehearsalForm(forms.Form):
    """What becomes of the webhooks that tell the shop; whatever is not chosen goes as it should."""

    webhook = forms.ChoiceField(
        label=_("What becomes of the webhook that tells the shop"),
        choices=[
            (Webhook.DELIVER.value, _("Deliver it")),
            (Webhook.LOSE.value, _("Lose the webhook")),
            (Webhook.TWICE.value, _("Send it twice")),
            (Webhook.LATE.value, _("Send it late, after 10 seconds")),
        ],
        initial=Webhook.DELIVER.value,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of these.")},
    )

    @property
    def rehearsal(self) -> Rehearsal:
        """Of the valid form."""
        webhook = self.cleaned_data["webhook"] or Webhook.DELIVER.value
        return Rehearsal(Webhook(webhook), Bank(self.cleaned_data.get("bank") or Bank.AT_ONCE.value))


class EmailForm(RehearsalForm):
    """For an order with nothing to pay."""

    email = forms.EmailField(
        label=_("Email"),
        widget=forms.EmailInput({"autocomplete": "email", "placeholder": _("you@example.com")}),
        error_messages={"required": _("Enter your email address."), "invalid": _("This is not an email address.")},
    )


class CardForm(RehearsalForm):
    number = forms.CharField(
        label=_("Card number"),
        max_length=30,
        widget=digits_input("cc-number", "1234 1234 1234 1234"),
        error_messages={"required": _("Enter a card number."), "max_length": _("This is not a card number.")},
    )
    expiry = forms.CharField(
        label=_("Expiry"),
        max_length=10,
        widget=digits_input("cc-exp", _("MM / YY")),
        error_messages={"required": _("Enter the expiry date."), "max_length": _("Write it as MM / YY.")},
    )
    cvc = forms.CharField(
        label=_("CVC"),
        max_length=4,
        widget=digits_input("cc-csc", "123", ForgetfulInput),
        error_messages={"required": _("Enter the CVC."), "max_length": _("The CVC has 3 or 4 digits.")},
    )
    bank = forms.ChoiceField(
        label=_("How the bank answers"),
        choices=[
            (Bank.AT_ONCE.value, _("At once")),
            (Bank.SLOW.value, _("The bank takes 10 seconds")),
            (Bank.REFUSES.value, _("The bank takes 10 seconds and refuses")),
        ],
        initial=Bank.AT_ONCE.value,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of these.")},
    )

    def clean_number(self) -> Card:
        card = card_of(re.sub(r"[\s-]", "", self.cleaned_data["number"]))
        if card is None:
            raise forms.ValidationError(_("This is not a test card. Use one of the test cards listed below."))
        return card

    def clean_expiry(self) -> tuple[int, int]:
        match = EXPIRY.fullmatch(self.cleaned_data["expiry"])
        month, year = (int(part) for part in match.groups() if part) if match else (0, 0)
        if not 1 <= month <= 12:
            raise forms.ValidationError(_("Write it as MM / YY."))
        today = datetime.fromtimestamp(clock.now(), UTC)
        if (2000 + year, month) < (today.year, today.month):
            raise forms.ValidationError(_("This card has expired."))
        return month, 2000 + year

    def clean_cvc(self) -> str:
        cvc: str = self.cleaned_data["cvc"]
        if not CVC.fullmatch(cvc):
            raise forms.ValidationError(_("The CVC has 3 or 4 digits."))
        return cvc

    @property
    def card(self) -> Card:
        """Of the valid form."""
        exp_month, exp_year = self.cleaned_data["expiry"]
        card: Card = self.cleaned_data["number"]
        return replace(card, exp_month=exp_month, exp_year=exp_year)


class PayerForm(CardForm, EmailForm):
    """All that the hosted page asks for."""


class AnswerForm(forms.Form):
    """To the bank, whether it is the payer who pays."""

    answer = forms.ChoiceField(choices=[("complete", "Complete"), ("fail", "Fail authentication")])

    @property
    def succeeds(self) -> bool:
        return bool(self.cleaned_data["answer"] == "complete")
