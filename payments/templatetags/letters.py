"""For mails that are plain text."""

from django import template

register = template.Library()


@register.filter
def one_line(text: object) -> str:
    """A name with the end of a line in it must not look like another line of the mail."""
    return " ".join(str(text).split())
