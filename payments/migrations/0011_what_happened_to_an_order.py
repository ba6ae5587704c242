"""What staff did with an order, when a payment ended, and how orders are found among very many."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import payments.models.prefixes
from django.conf import settings
from django.db import migrations, models

from payments.migrations._one_currency import while_tables_change


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0010_mails_of_refunds_and_links'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OrderChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('made', 'Made'), ('changed', 'Changed'), ('link_sent', 'Link sent')], max_length=10, verbose_name='kind')),
                ('by_name', models.CharField(max_length=150, verbose_name='name')),
                ('detail', models.TextField(blank=True, verbose_name='detail')),
                ('created', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created')),
            ],
            options={
                'verbose_name': 'change of an order',
                'verbose_name_plural': 'changes of orders',
                'ordering': ['id'],
            },
        ),
        *while_tables_change(
            migrations.AddField(
                model_name='payment',
                name='ended_at',
                field=models.DateTimeField(editable=False, null=True),
            ),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('on_sale', True), ('stock', 0)), fields=['id'], name='items_sold_out'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(payments.models.prefixes.InBytes(django.db.models.functions.text.Lower('email')), name='orders_by_email'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['created'], name='orders_by_day'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['currency', '-id'], name='orders_in_a_currency'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('status', 'paid'), _negated=True), fields=['status', '-id'], name='orders_not_paid'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('refunded', 'not'), _negated=True), fields=['refunded', '-id'], name='orders_refunded'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('dispute', 'none'), _negated=True), fields=['dispute', '-id'], name='orders_disputed'),
        ),
        migrations.AddIndex(
            model_name='orderline',
            index=models.Index(payments.models.prefixes.InBytes(django.db.models.functions.text.Lower('name')), name='order_lines_by_name'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['checkout_session_id'], name='payments_by_session'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['payment_intent_id'], name='payments_by_intent'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('status__in', ['open', 'processing', 'paid', 'duplicate']), models.Q(('problem', ''), _negated=True)), fields=['id'], name='payments_to_be_looked_at'),
        ),
        migrations.AddIndex(
            model_name='stripeevent',
            index=models.Index(fields=['object_id'], name='events_about_an_object'),
        ),
        migrations.AddField(
            model_name='orderchange',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='orderchange',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='payments.order', verbose_name='order'),
        ),
    ]
