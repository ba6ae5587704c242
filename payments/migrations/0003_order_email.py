from django.db import migrations, models

from payments.migrations._one_currency import while_tables_change


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_one_order_one_currency")]

    operations = while_tables_change(
        migrations.AddField(
            model_name="order",
            name="email",
            field=models.EmailField(
                blank=True, help_text="Where the shopper is told of it.", max_length=254
            ),
        ),
    )
