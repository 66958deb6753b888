from typing import Any

from django.db import migrations, models


def part_mails(apps: Any, schema_editor: Any) -> None:
    """Until now ``answer_at`` also said when a reply that was read is mailed."""
    inbound = apps.get_model("saleor_sms_plugin", "InboundMessage")
    waiting = inbound.objects.using(schema_editor.connection.alias).filter(
        answer_at__isnull=False, meaning="other"
    )
    waiting.update(forward_at=models.F("answer_at"), answer_at=None)


class Migration(migrations.Migration):
    dependencies = [
        ("saleor_sms_plugin", "0005_boxes_seen"),
    ]

    operations = [
        migrations.AddField(
            model_name="inboundmessage",
            name="forward_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="installation",
            name="hash_check",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="inboundmessage",
            index=models.Index(
                condition=models.Q(("forward_at__isnull", False)),
                fields=["forward_at"],
                name="sms_inbound_forward",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookrequest",
            index=models.Index(
                condition=models.Q(("status", "failed")),
                fields=["received_at"],
                name="sms_webhook_failed",
            ),
        ),
        migrations.RunPython(part_mails, migrations.RunPython.noop),
    ]
