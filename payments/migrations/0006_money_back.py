"""Refunds and disputes, and what orders and payments say of them."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from payments.migrations._one_currency import while_tables_change

class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0005_order_emails'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = while_tables_change(
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=255)),
                ('status', models.CharField(choices=[('needs_response', 'Needs an answer'), ('under_review', 'Answered: the bank decides'), ('won', 'Won'), ('lost', 'Lost'), ('warning_needs_response', 'Inquiry: needs an answer'), ('warning_under_review', 'Inquiry: answered'), ('warning_closed', 'Inquiry: closed'), ('appeal_needs_response', 'Appeal: needs an answer'), ('appeal_under_review', 'Appeal: the bank decides'), ('prevented', 'Prevented')], max_length=40)),
                ('reason', models.CharField(max_length=60)),
                ('amount', models.BigIntegerField(help_text='In minor units.')),
                ('currency', models.CharField(max_length=3)),
                ('is_charge_refundable', models.BooleanField()),
                ('evidence_due_by', models.DateTimeField(blank=True, help_text='Stripe takes an answer until then.', null=True)),
                ('created', models.DateTimeField()),
                ('asked_at', models.DateTimeField(editable=False)),
                ('changed', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('key_number', models.PositiveIntegerField(default=0, editable=False)),
                ('stripe_id', models.CharField(blank=True, max_length=255)),
                ('amount', models.BigIntegerField(help_text="In minor units of the payment's currency.")),
                ('status', models.CharField(choices=[('created', 'Not answered by Stripe yet'), ('pending', 'Under way'), ('requires_action', 'Waiting for the customer'), ('succeeded', 'Refunded'), ('failed', 'Failed: nothing went back'), ('canceled', 'Canceled: nothing went back')], default='created', max_length=20)),
                ('reason', models.CharField(blank=True, choices=[('requested_by_customer', 'Requested by the customer'), ('duplicate', 'Paid twice'), ('fraudulent', 'Fraudulent: Stripe blocks the card and the e-mail address')], max_length=40)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('problem', models.CharField(blank=True, help_text='What somebody should look at.', max_length=200)),
                ('created', models.DateTimeField(default=django.utils.timezone.now)),
                ('changed', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AlterModelOptions(
            name='payment',
            options={'ordering': ['-id'], 'permissions': [('refund_payment', 'Can refund payments')]},
        ),
        migrations.AddField(
            model_name='order',
            name='dispute',
            field=models.CharField(choices=[('none', 'Not disputed'), ('open', 'Disputed'), ('won', 'Dispute won'), ('lost', 'Dispute lost')], default='none', editable=False, max_length=10),
        ),
        migrations.AddField(
            model_name='order',
            name='refunded',
            field=models.CharField(choices=[('not', 'Not refunded'), ('partly', 'Partly refunded'), ('fully', 'Refunded')], default='not', editable=False, max_length=10),
        ),
        migrations.AddField(
            model_name='payment',
            name='refunded_amount',
            field=models.BigIntegerField(default=0, editable=False, help_text='In minor units: what went back, or may be on its way.'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='status',
            field=models.CharField(choices=[('created', 'Not yet at Stripe'), ('open', 'Waiting for the shopper'), ('processing', 'Waiting for the bank'), ('paid', 'Paid'), ('duplicate', 'Paid a second time'), ('failed', 'Failed'), ('expired', 'Expired')], default='created', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('refunded', 'not'), models.Q(('refunded__in', ['partly', 'fully']), ('status', 'paid')), _connector='OR'), name='only_a_paid_order_is_refunded'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('dispute__in', ['none', 'open', 'won', 'lost'])), name='order_dispute_is_known'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('refunded_amount__gte', 0), ('refunded_amount__lte', models.F('amount'))), name='no_more_is_refunded_than_was_paid'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='payments.payment'),
        ),
        migrations.AddField(
            model_name='refund',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='payments.payment'),
        ),
        migrations.AddField(
            model_name='refund',
            name='requested_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.UniqueConstraint(fields=('payment', 'stripe_id'), name='a_dispute_is_kept_once'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('stripe_id', ''), _negated=True), name='dispute_has_its_id'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('stripe_id', ''), _negated=True), fields=('payment', 'stripe_id'), name='a_refund_is_kept_once'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='refund_amount_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['created', 'failed']), models.Q(('status__in', ['pending', 'requires_action', 'succeeded', 'canceled']), models.Q(('stripe_id', ''), _negated=True)), _connector='OR'), name='refund_at_stripe_has_its_id'),
        ),
    )
