"""What a day, a week or a campaign came to: gathered once, rendered in several forms."""

from analytics.reports.forms.words import Message, message

__all__ = ["Message", "message"]
