"""The web process: checks the configuration, warms what the first buyer would wait for, then serves."""

import os
import sys
from io import StringIO

from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.core.wsgi import get_wsgi_application
from django.db import connections

from storefront import warming
from storefront.entrance import guarded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")

try:
    application = guarded(get_wsgi_application())
    # Findings go to stderr; that there are none need not be said.
    call_command("check", databases=["default"], stdout=StringIO())
except (ImproperlyConfigured, SystemCheckError) as error:
    sys.exit(f"The shop does not start. {error}")
warming.warm()
# A connection must not be shared with the processes that are forked from this one.
connections.close_all()
