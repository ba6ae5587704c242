from django.db import migrations, models

from payments.migrations._one_currency import while_tables_change
from payments.models.orders import current_language


class Migration(migrations.Migration):
    dependencies = [("payments", "0008_defaults_for_the_release_before")]

    operations = while_tables_change(
        migrations.AddField(
            model_name="order",
            name="language",
            field=models.CharField(
                db_default="",
                default=current_language,
                help_text="In which the shopper is written to.",
                max_length=10,
            ),
        ),
    )
