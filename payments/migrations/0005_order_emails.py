import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0004_ledger_of_events'),
    ]

    operations = [
        migrations.CreateModel(
            name='OrderEmail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('confirmation', 'Confirmation of the order')], max_length=20)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('claimed_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='emails', to='payments.order')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('sent_at', None)), fields=['id'], name='emails_to_be_sent')],
                'constraints': [models.UniqueConstraint(fields=('order', 'kind'), name='an_order_is_mailed_once_of_a_kind')],
            },
        ),
    ]
