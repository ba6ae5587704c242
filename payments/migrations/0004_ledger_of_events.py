from django.db import migrations, models


def without_payload(apps, schema_editor):
    """What came before was kept without its payload, so there is nothing to cut down."""
    apps.get_model("payments", "StripeEvent").objects.update(is_cut_down=True)


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0003_order_email'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReadEvents',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(max_length=255, unique=True)),
                ('until', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='RefusedDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=100, unique=True)),
                ('count', models.PositiveBigIntegerField(default=0)),
                ('last_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'refused deliveries',
            },
        ),
        migrations.AddField(
            model_name='stripeevent',
            name='failed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='stripeevent',
            name='last_failure',
            field=models.CharField(blank=True, help_text='Why it failed the last time.', max_length=200),
        ),
        migrations.AddField(
            model_name='stripeevent',
            name='failures',
            field=models.PositiveIntegerField(default=0, help_text='How often working on it failed.'),
        ),
        migrations.AddField(
            model_name='stripeevent',
            name='is_cut_down',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='stripeevent',
            name='payload',
            field=models.TextField(default='', help_text='As it came. What tells of a person is left out of it after a while.'),
        ),
        migrations.AddField(
            model_name='stripeevent',
            name='was_fetched',
            field=models.BooleanField(default=False, help_text='Its webhook had not arrived; it was asked for.'),
        ),
        migrations.RunPython(without_payload, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='stripeevent',
            index=models.Index(fields=['account', '-id'], name='events_of_an_account'),
        ),
        migrations.AddIndex(
            model_name='stripeevent',
            index=models.Index(condition=models.Q(('failures__gt', 0)), fields=['account', '-failed_at'], name='events_that_failed'),
        ),
        migrations.AddIndex(
            model_name='stripeevent',
            index=models.Index(condition=models.Q(('outcome', 'received')), fields=['id'], name='events_that_wait'),
        ),
        migrations.AddIndex(
            model_name='stripeevent',
            index=models.Index(condition=models.Q(('is_cut_down', False)), fields=['received'], name='events_with_whole_payload'),
        ),
    ]
