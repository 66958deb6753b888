from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("saleor_sms_plugin", "0004_opt_in_asks"),
    ]

    operations = [
        migrations.AddField(
            model_name="consententry",
            name="seen_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="consentbox",
            index=models.Index(fields=["subject_id", "source", "id"], name="sms_box_subject"),
        ),
        migrations.AddIndex(
            model_name="consententry",
            index=models.Index(
                condition=models.Q(("key", ""), _negated=True),
                fields=["key"],
                name="sms_consent_key",
                opclasses=["varchar_pattern_ops"],
            ),
        ),
    ]
