"""Who the order is for: where to write to, and in which language."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from payments.models import Order

COLUMNS = ("email", "language")


class ShopperForm(forms.ModelForm):
    language = forms.ChoiceField(
        label=_("Language"), required=False, help_text=_("In which the shopper is written to.")
    )

    class Meta:
        model = Order
        fields = ["email", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "language" not in self.fields:
            # It is paid, and shown without a form.
            return
        present = self.instance.language
        self.initial.setdefault("language", present)
        choices = list(settings.LANGUAGES)
        if present not in dict(choices):
            # Of a release before, or of a catalogue that was removed: kept until another one is chosen.
            choices = [(present, self.name_of(present) or "–"), *choices]
        self.fields["language"].choices = choices  # type: ignore[attr-defined]

    def clean_language(self) -> str:
        return str(self.cleaned_data["language"] or self.instance.language)

    @staticmethod
    def name_of(language: str) -> str:
        return str(dict(settings.LANGUAGES).get(language, language))
