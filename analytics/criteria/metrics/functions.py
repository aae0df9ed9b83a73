"""What is asked of the database about a moment, the same on both of them."""

from typing import Any

from django.db.models import BigIntegerField, Func

DAY, WEEK = 86_400, 604_800
# 1970-01-05 was the first Monday: ISO weeks begin there.
FIRST_MONDAY = 4 * DAY
TRAILING_MONTH = 30 * DAY


class Epoch(Func):
    """Whole seconds since 1970 of a moment."""

    output_field = BigIntegerField()
    template = "EXTRACT(EPOCH FROM %(expressions)s)::bigint"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """It keeps a moment as text in UTC."""
        return self.as_sql(
            compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        )


class Month(Func):
    """A number for the calendar month (UTC) of a moment: later months have greater ones."""

    output_field = BigIntegerField()
    template = (
        "(EXTRACT(YEAR FROM %(expressions)s AT TIME ZONE 'UTC') * 12"
        " + EXTRACT(MONTH FROM %(expressions)s AT TIME ZONE 'UTC'))::bigint"
    )

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """The moment stands in it twice, with what it was made from."""
        sql, params = self.as_sql(compiler, connection)
        return sql, (*params, *params)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Cut from its text; without the dash it is a number."""
        expression, params = compiler.compile(self.source_expressions[0])
        sql = f"CAST(substr({expression}, 1, 4) || substr({expression}, 6, 2) AS INTEGER)"
        return sql, (*params, *params)


class Div(Func):
    """How often a whole number is in another, whole too."""

    output_field = BigIntegerField()
    template = "(%(expressions)s)"
    arg_joiner = " / "
