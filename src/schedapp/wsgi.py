"""The door for WSGI servers: `schedapp.wsgi:app`."""

from schedapp.app import create_app

app = create_app()
