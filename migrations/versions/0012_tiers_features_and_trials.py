"""tiers, features and the terms of trials

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TRIAL = "trial_days = 0 OR (trial_days > 0 AND trial_seats >= least_seats AND trial_seats <= most_seats)"


def upgrade() -> None:
    with op.batch_alter_table("product") as product:
        product.add_column(sa.Column("is_online", sa.Boolean(), nullable=False, server_default=sa.false()))
        for name, usual in (("least_seats", "1"), ("most_seats", "1000"), ("trial_days", "0"), ("trial_seats", "1")):
            product.add_column(sa.Column(name, WHOLE, nullable=False, server_default=usual))
        product.create_check_constraint("ck_product_seats", "least_seats > 0 AND most_seats >= least_seats")
        product.create_check_constraint("ck_product_trial", TRIAL)
    op.create_table(
        "tier",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("product_id", WHOLE, nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("rank", WHOLE, nullable=False),
        sa.Column("description_en", sa.String(length=400), nullable=False),
        sa.Column("description_de", sa.String(length=400), nullable=False),
        sa.Column("can_be_tried", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("product_id", "name", name="ux_tier_name"),
        sa.UniqueConstraint("product_id", "rank", name="ux_tier_rank"),
    )
    op.create_table(
        "feature",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("product_id", WHOLE, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("position", WHOLE, nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("name_de", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("product_id", "code", name="ux_feature_code"),
    )
    op.create_table(
        "feature_value",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("feature_id", WHOLE, nullable=False),
        sa.Column("tier", sa.String(length=20), nullable=False),
        sa.Column("is_included", sa.Boolean(), nullable=False),
        sa.Column("value_en", sa.String(length=60), nullable=False),
        sa.Column("value_de", sa.String(length=60), nullable=False),
        sa.CheckConstraint("is_included OR (value_en = '' AND value_de = '')", name="ck_feature_value"),
        sa.CheckConstraint("(value_en = '') = (value_de = '')", name="ck_feature_value_languages"),
        sa.ForeignKeyConstraint(["feature_id"], ["feature.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("feature_id", "tier", name="ux_feature_value"),
    )


def downgrade() -> None:
    for table in ("feature_value", "feature", "tier"):
        op.drop_table(table)
    with op.batch_alter_table("product") as product:
        for name in ("ck_product_trial", "ck_product_seats"):
            product.drop_constraint(name, type_="check")
        for name in ("trial_seats", "trial_days", "most_seats", "least_seats", "is_online"):
            product.drop_column(name)
