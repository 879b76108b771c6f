"""What all forms share: the token, repeated fields, characters that cannot be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from wtforms import Field, StringField, TextAreaField
from wtforms.validators import ValidationError

from schedapp.core.errors import Refused
from schedapp.core.texts import check_is_one_line, check_is_plain_text
from schedapp.plumbing.language import sentence_of
from schedapp.plumbing.security import SAFE_METHODS


class Words:
    """The sentences that come with WTForms, in the reader's language and from our catalogue.

    Its own catalogues would be read anew for each form.
    """

    def gettext(self, message: str) -> str:
        """Return a sentence in the reader's language."""
        return str(_(message))

    def ngettext(self, one: str, many: str, number: int) -> str:
        """Return the sentence for a number in the reader's language."""
        return str(ngettext(one, many, number))


class Form(FlaskForm):  # type: ignore[misc]
    """A form that is posted with its token. Its sentences are shown beside its fields."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """How this form differs from Flask-WTF's."""

        def get_translations(self, _form: object) -> Words:
            """Return the words of WTForms."""
            return Words()

    def __init__(self, **values: Any) -> None:
        """Make the form, with what was posted; files and JSON are no text that somebody typed."""
        posted = None if request.method in SAFE_METHODS else request.form
        super().__init__(formdata=posted, **values)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check all fields; a field that came twice is refused, whatever it holds."""
        right = bool(super().validate(extra_validators))
        if "csrf_token" in self and self.is_token_wrong:
            self.csrf_token.errors = [
                _l("This page was open for too long. Nothing is lost: please send it once more.")
            ]
        for field in self:
            if len(request.form.getlist(field.name)) > 1 and not field.flags.many:
                name = field.label.text
                self.form_errors.append(_("“%(field)s” was sent more than once.", field=name))
                right = False
        return right

    @property
    def is_token_wrong(self) -> bool:
        """Whether the form was refused because its token is missing, old or another browser's."""
        return not g.get("csrf_valid", False)

    @property
    def status(self) -> int:
        """Return the status of an answer that shows this form again."""
        return 400 if self.is_token_wrong else 422

    def refuse(self, refusal: Refused) -> None:
        """Show a refusal beside the field that it names, or above the form."""
        sentence = sentence_of(refusal)
        field = self._fields.get(refusal.field) if refusal.field else None
        if field is None:
            self.form_errors.append(sentence)
        else:
            field.errors = [*field.errors, sentence]


@contextmanager
def refusals_shown_on(form: Form) -> Iterator[None]:
    """Turn a refusal inside the block into a sentence on the form; the block ends there."""
    try:
        yield
    except Refused as refusal:
        form.refuse(refusal)


def by_rule(check: Callable[[str], None]) -> Callable[[object, Field], None]:
    """Return a validator that asks a rule, and says beside the field what the rule says."""

    def validate(_form: object, field: Field) -> None:
        try:
            check(field.data or "")
        except Refused as refusal:
            raise ValidationError(sentence_of(refusal)) from None

    return validate


one_line = by_rule(check_is_one_line)
"""Validate that a text has no control characters, line ends included."""

plain_text = by_rule(check_is_plain_text)
"""Validate that a text has no control characters but line ends and tabs."""


class LineField(StringField):
    """One line of text, without white space around it."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the text as typed, less the white space around it."""
        self.data = str(valuelist[0]).strip() if valuelist else ""


class ParagraphsField(TextAreaField):
    """Lines of text, with one kind of line end however the browser sends them."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the text as typed, with one kind of line end."""
        typed = str(valuelist[0]) if valuelist else ""
        self.data = typed.replace("\r\n", "\n").replace("\r", "\n")
