"""Names of things in every language, and the amount of an event apart from its words."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0002_subscription"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="order",
            options={
                "ordering": ("-id",),
                "verbose_name": "order",
                "verbose_name_plural": "orders",
            },
        ),
        migrations.AlterModelOptions(
            name="orderevent",
            options={
                "ordering": ("id",),
                "verbose_name": "order event",
                "verbose_name_plural": "order events",
            },
        ),
        migrations.AlterModelOptions(
            name="orderline",
            options={
                "ordering": ("id",),
                "verbose_name": "order line",
                "verbose_name_plural": "order lines",
            },
        ),
        migrations.AlterModelOptions(
            name="product",
            options={
                "ordering": ("position", "id"),
                "verbose_name": "product",
                "verbose_name_plural": "products",
            },
        ),
        migrations.AddField(
            model_name="orderevent",
            name="amount_in_cents",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="order",
            name="city",
            field=models.CharField(max_length=60, verbose_name="city"),
        ),
        migrations.AlterField(
            model_name="order",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created at"),
        ),
        migrations.AlterField(
            model_name="order",
            name="first_name",
            field=models.CharField(max_length=60, verbose_name="first name"),
        ),
        migrations.AlterField(
            model_name="order",
            name="last_name",
            field=models.CharField(max_length=60, verbose_name="last name"),
        ),
        migrations.AlterField(
            model_name="order",
            name="number",
            field=models.CharField(
                editable=False, max_length=16, null=True, unique=True, verbose_name="number"
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="shipped_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="shipped at"),
        ),
        migrations.AlterField(
            model_name="order",
            name="state",
            field=models.CharField(
                choices=[
                    ("unpaid", "Waiting for payment"),
                    ("held", "Approved"),
                    ("paid", "Paid"),
                    ("partly_paid", "Partly charged"),
                    ("partly_refunded", "Partly refunded"),
                    ("refunded", "Refunded"),
                    ("released", "Not charged"),
                    ("denied", "Not approved"),
                    ("canceled", "Canceled"),
                    ("review", "Being checked"),
                ],
                default="unpaid",
                max_length=20,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="street",
            field=models.CharField(max_length=100, verbose_name="street"),
        ),
        migrations.AlterField(
            model_name="orderevent",
            name="at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="at"),
        ),
        migrations.AlterField(
            model_name="orderline",
            name="is_made_to_order",
            field=models.BooleanField(default=False, verbose_name="made to order"),
        ),
        migrations.AlterField(
            model_name="orderline",
            name="name",
            field=models.CharField(max_length=80, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="orderline",
            name="quantity",
            field=models.PositiveSmallIntegerField(verbose_name="quantity"),
        ),
        migrations.AlterField(
            model_name="product",
            name="art",
            field=models.CharField(max_length=60, verbose_name="art"),
        ),
        migrations.AlterField(
            model_name="product",
            name="art_text",
            field=models.CharField(max_length=160, verbose_name="art text"),
        ),
        migrations.AlterField(
            model_name="product",
            name="description",
            field=models.TextField(verbose_name="description"),
        ),
        migrations.AlterField(
            model_name="product",
            name="kind",
            field=models.CharField(max_length=40, verbose_name="kind"),
        ),
        migrations.AlterField(
            model_name="product",
            name="name",
            field=models.CharField(max_length=80, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="product",
            name="position",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="position"),
        ),
        migrations.AlterField(
            model_name="product",
            name="price_in_cents",
            field=models.PositiveIntegerField(verbose_name="price in cents"),
        ),
        migrations.AlterField(
            model_name="product",
            name="slug",
            field=models.SlugField(unique=True, verbose_name="slug"),
        ),
        migrations.AlterField(
            model_name="product",
            name="tagline",
            field=models.CharField(max_length=120, verbose_name="tagline"),
        ),
    ]
