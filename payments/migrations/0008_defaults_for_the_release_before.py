"""While a release takes over, the one before still sells: what it does not know of, the database fills in."""

from django.db import migrations, models

from payments.migrations._one_currency import while_tables_change


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0007_brakes'),
    ]

    operations = while_tables_change(
        migrations.AlterField(
            model_name='order',
            name='dispute',
            field=models.CharField(choices=[('none', 'Not disputed'), ('open', 'Disputed'), ('won', 'Dispute won'), ('lost', 'Dispute lost')], db_default='none', default='none', editable=False, max_length=10),
        ),
        migrations.AlterField(
            model_name='order',
            name='email',
            field=models.EmailField(blank=True, db_default='', default='', help_text='Where the shopper is told of it.', max_length=254),
        ),
        migrations.AlterField(
            model_name='order',
            name='refunded',
            field=models.CharField(choices=[('not', 'Not refunded'), ('partly', 'Partly refunded'), ('fully', 'Refunded')], db_default='not', default='not', editable=False, max_length=10),
        ),
        migrations.AlterField(
            model_name='payment',
            name='refunded_amount',
            field=models.BigIntegerField(db_default=0, default=0, editable=False, help_text='In minor units: what went back, or may be on its way.'),
        ),
        migrations.AlterField(
            model_name='stripeevent',
            name='failures',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='How often working on it failed.'),
        ),
        migrations.AlterField(
            model_name='stripeevent',
            name='is_cut_down',
            field=models.BooleanField(db_default=True, default=False),
        ),
        migrations.AlterField(
            model_name='stripeevent',
            name='last_failure',
            field=models.CharField(blank=True, db_default='', default='', help_text='Why it failed the last time.', max_length=200),
        ),
        migrations.AlterField(
            model_name='stripeevent',
            name='payload',
            field=models.TextField(db_default='', default='', help_text='As it came. What tells of a person is left out of it after a while.'),
        ),
        migrations.AlterField(
            model_name='stripeevent',
            name='was_fetched',
            field=models.BooleanField(db_default=False, default=False, help_text='Its webhook had not arrived; it was asked for.'),
        ),
    )
