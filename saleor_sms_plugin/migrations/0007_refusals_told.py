from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("saleor_sms_plugin", "0006_replies_kept"),
    ]

    operations = [
        migrations.AddField(
            model_name="throttle",
            name="told_at",
            field=models.DateTimeField(null=True),
        ),
    ]
