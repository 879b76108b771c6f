"""What all doors of the web share."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, NoReturn, TypeVar

from flask import abort, current_app, flash, make_response, render_template, request, session
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from schedapp.plumbing.database import Busy
from schedapp.plumbing.failures import told

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

Thing = TypeVar("Thing")
log = logging.getLogger("sched")

_MESSAGES_MOST = 5


def found(thing: Thing | None) -> Thing:
    """Return what was looked up, or answer 404."""
    if thing is None:
        missing()
    return thing


def missing() -> NoReturn:
    """Answer 404: what is somebody else's looks like what does not exist."""
    abort(404)


def tell(message: str, category: str, *, undo: str | None = None) -> None:
    """Leave a message for the next page; one with `undo` brings a button that posts there.

    Where nobody reads them (a program that follows no redirect) the latest few stay, each once:
    they travel in a cookie, which has little room.
    """
    said = message if undo is None else {"text": message, "undo": undo}
    flash(said, category)  # type: ignore[arg-type]
    before = [each for each in session["_flashes"][:-1] if tuple(each) != (category, said)]
    session["_flashes"] = [*before[1 - _MESSAGES_MOST :], (category, said)]


def show_refusals(app: Flask) -> None:
    """Answer every refusal and every failure with a page, or with JSON where a program asks."""
    app.register_error_handler(HTTPException, answer_error)
    app.register_error_handler(OperationalError, answer_busy)
    app.register_error_handler(PoolTimeoutError, answer_busy)
    app.register_error_handler(Busy, answer_busy)
    app.register_error_handler(Exception, answer_failure)


def wants_json() -> bool:
    """Say whether a program asks: it deletes, or it accepts JSON and no page."""
    accepted = request.accept_mimetypes
    return request.method == "DELETE" or (accepted.accept_json and not accepted.accept_html)


def answer_error(error: HTTPException) -> ResponseReturnValue:
    """Answer what the client did wrong, in words."""
    if error.response is not None:
        return error.response
    return error_page(error.code or 500, allowed=getattr(error, "valid_methods", None))


def answer_busy(error: Exception) -> ResponseReturnValue:
    """Answer that the database cannot be used just now; the log says why."""
    log.error("The database did not answer: %s", _cause_of(error))
    response = make_response(error_page(503))
    response.headers["Retry-After"] = "5"
    return response


def answer_failure(error: Exception) -> ResponseReturnValue:
    """Answer a mistake of ours: the log has the traceback, the person has a sentence.

    With SCHED_DEBUG the person has the traceback, with everything in it.
    """
    log.error("%s %s failed:\n%s", request.method, request.url_rule, told(error))
    if current_app.debug:
        text = "".join(traceback.format_exception(error))
        return make_response(text, 500, {"Content-Type": "text/plain; charset=utf-8"})
    return error_page(500)


def _cause_of(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {cause}".splitlines()[0]


def error_page(code: int, *, allowed: list[str] | None = None) -> ResponseReturnValue:
    """Return the page, or the JSON, of a status."""
    if wants_json():
        response = make_response({"status": HTTP_STATUS_CODES.get(code, "Error")}, code)
    else:
        heading, sentence = _words_of(code)
        response = make_response(
            render_template("errors.html", heading=heading, sentence=sentence, code=code), code
        )
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _words_of(code: int) -> tuple[str, str]:
    words = {
        400: (
            _("That did not arrive as it should"),
            _("The page may have been open for too long. Go back, reload it and try again."),
        ),
        403: (
            _("This came from another site"),
            _("To protect you, sched only takes what was sent from its own pages."),
        ),
        404: (
            _("There is nothing here"),
            _("The address may be mistyped, or what was here has been deleted."),
        ),
        405: (_("This cannot be done here"), _("The address is right, but not for this.")),
        413: (_("This is too much at once"), _("Please send less than four megabytes.")),
        429: (
            _("Please wait a little"),
            _("There were too many tries. Nothing was changed; try again later."),
        ),
        503: (
            _("sched cannot reach its book just now"),
            _("Nothing was changed. Please try again in a moment."),
        ),
    }
    if code in words:
        return words[code]
    if code < 500:
        return words[400]
    return (
        _("Something went wrong on our side"),
        _(
            "What happened has been written to the log. If you were saving something, please look"
            " whether it is there before you try again."
        ),
    )
