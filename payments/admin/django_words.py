"""Words of Django's own admin that it does not translate, or not so that they fit: ours are found first.

Django's Russian adds only what is masculine.
"""

from django.utils.translation import gettext_noop

WORDS = [
    gettext_noop("Add %s"),
    gettext_noop("Add %(name)s"),
    gettext_noop("Add another %(verbose_name)s"),
    gettext_noop("Reset password"),
    gettext_noop("Raw passwords are not stored, so there is no way to see the user’s password."),
]
