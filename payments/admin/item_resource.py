"""Items as rows of a spreadsheet, for django-import-export: what each cell is, and what a row may not be."""

from collections import Counter
from decimal import Decimal
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import ModelResource

from payments.admin.cells import GREATEST_ID, NumberCell, PriceCell, TextCell, YesOrNoCell, lines
from payments.gateway.keys import currencies
from payments.models import Item
from payments.money import price_decimals

COLUMNS = ["id", "name", "description", "price", "currency", "picture", "on_sale", "stock"]
NEEDED = ["name", "price", "currency"]
# The number of the row in the spreadsheet, beside its cells: no heading has a space.
ROW = "row number"
GREATEST_STOCK = 2**31 - 1


class TextColumn(Field):
    def save(self, instance: Item, row: dict[str, Any], is_m2m: bool = False, **kwargs: Any) -> None:
        text = self.clean(row, **kwargs)
        require_short(text, self.attribute)
        if text != lines(getattr(instance, self.attribute)).strip():
            setattr(instance, self.attribute, text)


def require_short(text: str, attribute: str) -> None:
    """A model leaves the length of a long text to its forms."""
    field: Any = Item._meta.get_field(attribute)
    try:
        MaxLengthValidator(field.max_length)(text)
    except ValidationError as error:
        raise ValueError(error.message % error.params) from None


class CurrencyColumn(Field):
    def save(self, instance: Item, row: dict[str, Any], is_m2m: bool = False, **kwargs: Any) -> None:
        currency = self.clean(row, **kwargs).upper()
        offered = currencies()
        # An item keeps one that has lost its keypair.
        if currency not in offered and not (currency and instance.pk and currency == instance.currency):
            known = {"currencies": ", ".join(offered)}
            if not currency:
                raise ValueError(_("Write a currency: %(currencies)s.") % known)
            text = _("The shop takes no payments in %(currency)s: choose one of %(currencies)s.")
            raise ValueError(text % {"currency": currency[:10], **known})
        instance.currency = currency


class PriceColumn(Field):
    """Stands behind the currency, which it needs."""

    def save(self, instance: Item, row: dict[str, Any], is_m2m: bool = False, **kwargs: Any) -> None:
        price = self.clean(row, **kwargs)
        if instance.currency:
            instance.price = Money(price, instance.currency)

    def get_value(self, instance: Item) -> Decimal | None:
        price = instance.__dict__.get("price")
        if price is None:
            return None
        amount: Decimal = getattr(price, "amount", price)
        return round(amount, price_decimals(instance.currency)) if is_round(amount, instance.currency) else amount


def is_round(amount: Decimal, currency: str) -> bool:
    return amount == round(amount, price_decimals(currency))


class YesOrNoColumn(Field):
    def save(self, instance: Item, row: dict[str, Any], is_m2m: bool = False, **kwargs: Any) -> None:
        """An empty cell says nothing."""
        value = self.clean(row, **kwargs)
        if value is not None:
            setattr(instance, self.attribute, value)


class ItemLoader(BaseInstanceLoader):
    """All items of the file by one query, and by another those that new ones would be the same as."""

    def __init__(self, resource: "ItemResource", dataset: Any) -> None:
        super().__init__(resource, dataset)
        ids = [number for row in dataset.dict if (number := id_or_none(row))]
        items = Item.objects.filter(pk__in=ids).order_by("pk")
        self.items = {item.pk: item for item in (items.select_for_update() if resource.is_saving else items)}
        resource.repeated = {number for number, count in Counter(ids).items() if count > 1}
        resource.present = present_items([row for row in dataset.dict if not row.get("id")])

    def get_instance(self, row: dict[str, Any]) -> Item | None:
        try:
            number = self.resource.fields["id"].clean(row)
        except ValueError as error:
            raise ValidationError({"id": str(error)}) from None
        if number is None:
            return None
        if number not in self.items:
            text = _("There is no item %(id)s: leave the cell empty to add a new one.")
            raise ValidationError({"id": text % {"id": number}})
        if number in self.resource.repeated:
            raise ValidationError({"id": _("Item %(id)s stands in several rows: leave one.") % {"id": number}})
        return self.items[number]


def id_or_none(row: dict[str, Any]) -> int | None:
    try:
        return NumberCell(GREATEST_ID).clean(row.get("id"))
    except ValueError:
        return None


def present_items(rows: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """The ids by name and currency."""
    names = {str(row.get("name", "")).strip() for row in rows}
    found = Item.objects.filter(name__in=names).order_by("-pk").values_list("name", "currency", "pk")
    return {(name, currency): pk for name, currency, pk in found}


class ItemResource(ModelResource):
    id = Field("id", "id", NumberCell(GREATEST_ID), readonly=True)
    name = TextColumn("name", "name", TextCell())
    description = TextColumn("description", "description", TextCell())
    currency = CurrencyColumn("currency", "currency", TextCell())
    price = PriceColumn("price", "price", PriceCell())
    picture = TextColumn("picture", "picture", TextCell())
    on_sale = YesOrNoColumn("on_sale", "on_sale", YesOrNoCell())
    stock = Field("stock", "stock", NumberCell(GREATEST_STOCK))

    class Meta:
        model = Item
        fields = COLUMNS
        import_order = ["currency", "price"]
        export_order = COLUMNS
        instance_loader_class = ItemLoader
        clean_model_instances = True
        skip_unchanged = True
        skip_html_diff = True
        store_instance = True
        store_row_values = True
        use_bulk = True
        batch_size = 500

    def __init__(self, *, may_add: bool = False, may_change: bool = False, is_saving: bool = False) -> None:
        super().__init__()
        self.may_add, self.may_change, self.is_saving = may_add, may_change, is_saving
        self.columns: list[str] = []
        # Set by the loader: ids that stand in several rows; the items of these names, by name and currency.
        self.repeated: set[int] = set()
        self.present: dict[tuple[str, str], int] = {}
        # New ones by name and currency, and the row that they stand in.
        self.added: dict[tuple[str, str], int] = {}

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self.columns = dataset.headers

    def skip_row(self, instance: Item, original: Item, row: Any, import_validation_errors: Any = None) -> bool:
        """A new one is never as it was, however little the file says of it."""
        return bool(instance.pk and super().skip_row(instance, original, row, import_validation_errors))

    def validate_instance(
        self, instance: Item, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        errors = dict(import_validation_errors or {})
        if instance.pk is None:
            errors = self.problems_of_new() | errors
        elif not self.may_change:
            errors[NON_FIELD_ERRORS] = _("You may not change items.")
        try:
            # The price has its own words; what the database asks beside is asked by them as well.
            instance.full_clean(exclude={*errors, "price"}, validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def problems_of_new(self) -> dict[str, Any]:
        if not self.may_add:
            return {NON_FIELD_ERRORS: _("You may not add items.")}
        text = _("A new item needs this column.")
        return {name: text for name in NEEDED if name not in self.columns}

    def before_save_instance(self, instance: Item, row: dict[str, Any], **kwargs: Any) -> None:
        instance.changed = timezone.now()

    def save_instance(self, instance: Item, is_create: bool, row: dict[str, Any], **kwargs: Any) -> None:
        if is_create:
            self.require_another(instance, row)
        if self.is_saving:
            super().save_instance(instance, is_create, row, **kwargs)

    def require_another(self, instance: Item, row: dict[str, Any]) -> None:
        """Whoever sends a file twice adds nothing twice."""
        key = (instance.name, instance.currency)
        item = {"name": instance.name, "currency": instance.currency}
        if key in self.present:
            text = _("There is an item of this name in %(currency)s already: write its id, %(id)s, to change it.")
            raise ValidationError({"name": text % {**item, "id": self.present[key]}})
        if key in self.added:
            text = _("The same item stands in row %(row)s: leave one, or give this one another name.")
            raise ValidationError({"name": text % {**item, "row": self.added[key]}})
        self.added[key] = row[ROW]

    def get_bulk_update_fields(self) -> list[str]:
        """Those that the file has a column for; a price is never without its currency."""
        columns = {*self.columns, *(["price", "currency"] if {"price", "currency"} & set(self.columns) else [])}
        return [*(name for name in super().get_bulk_update_fields() if name in columns), "changed"]
