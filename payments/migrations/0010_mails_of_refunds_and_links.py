import django.db.models.deletion
from django.db import migrations, models


def forget_mails_of_other_kinds(apps, schema_editor):
    """The release before sends whatever is due as a confirmation, and keeps one mail of a kind for an order."""
    apps.get_model("payments", "OrderEmail").objects.exclude(kind="confirmation").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0009_order_language'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='orderemail',
            name='an_order_is_mailed_once_of_a_kind',
        ),
        migrations.AddField(
            model_name='orderemail',
            name='page',
            field=models.TextField(blank=True, db_default='', default='', verbose_name='page of the order'),
        ),
        migrations.AddField(
            model_name='orderemail',
            name='recipient',
            field=models.EmailField(blank=True, db_default='', default='', help_text="Empty: the order's address.", max_length=254, verbose_name='recipient'),
        ),
        migrations.AddField(
            model_name='orderemail',
            name='refund',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='emails', to='payments.refund', verbose_name='refund'),
        ),
        migrations.AlterField(
            model_name='orderemail',
            name='kind',
            field=models.CharField(choices=[('confirmation', 'Confirmation of the order'), ('payment_link', 'Link to the order'), ('refund', 'Refund'), ('refund_failed', 'Refund that failed')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='orderemail',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'confirmation')), fields=('order',), name='an_order_is_confirmed_by_one_mail'),
        ),
        migrations.AddConstraint(
            model_name='orderemail',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'payment_link'), ('sent_at', None)), fields=('order',), name='one_link_of_an_order_waits_to_be_mailed'),
        ),
        migrations.AddConstraint(
            model_name='orderemail',
            constraint=models.UniqueConstraint(fields=('refund', 'kind'), name='a_refund_is_mailed_once_of_a_kind'),
        ),
        migrations.AddConstraint(
            model_name='orderemail',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['refund', 'refund_failed']), ('refund__isnull', False)), models.Q(models.Q(('kind__in', ['refund', 'refund_failed']), _negated=True), ('refund__isnull', True)), _connector='OR'), name='a_mail_of_a_refund_knows_which'),
        ),
        migrations.RunPython(migrations.RunPython.noop, forget_mails_of_other_kinds),
    ]
