"""The pages of appointments."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from flask import (
    Blueprint,
    Response,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import ngettext

from schedapp.accounts.forms import TokenForm
from schedapp.accounts.guards import reader, reader_for, signed_in_only, signed_in_user
from schedapp.appointments import actions, queries, rules
from schedapp.appointments.actions import Changed, Draft, as_draft
from schedapp.appointments.agenda import FOUND_PAGE, Asked, Page
from schedapp.appointments.forms import AppointmentForm
from schedapp.appointments.showing import conflict, day_of_draft, shown
from schedapp.core.errors import Refused
from schedapp.core.texts import shortened
from schedapp.core.zones import check_is_within_reach, zone_named
from schedapp.plumbing import clock
from schedapp.plumbing.database import reading, writing
from schedapp.plumbing.forms import refusals_shown_on
from schedapp.plumbing.phrases import notice_said
from schedapp.plumbing.security import require_token
from schedapp.plumbing.web import found, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

    from schedapp.appointments.models import Appointment
    from schedapp.core.spans import Notice

pages = Blueprint("appointments", __name__, url_prefix="/appointments")

_TITLE_SAID = 60
"""How much of a title a message quotes."""


@pages.get("/")
@signed_in_only
def agenda() -> ResponseReturnValue:
    """What is coming, a window at a time; what one looks for."""
    user = signed_in_user()
    page: Page = request.environ.get(FOUND_PAGE) or Page(
        user.id,
        Asked.by(request.args),
        reader=reader_for(user),
        made_for=user.as_shown,
        now=clock.now(),
    )
    if "_flashes" in session:
        return page.render(once=True)
    etag = page.etag(current_app.extensions["sched_assets"].fingerprint)
    if request.headers.get("If-None-Match") == f'"{etag}"' or etag in request.if_none_match:
        response = Response(status=304)
        del response.headers["Content-Type"]
    else:
        response = Response(page.html())
    response.headers["ETag"] = f'"{etag}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@pages.route("/create/", methods=["GET", "POST"])
@signed_in_only
def create() -> ResponseReturnValue:
    """Write a new appointment."""
    user = signed_in_user()
    form = AppointmentForm.of(_blank(user.time_zone))
    if form.validate_on_submit():
        with refusals_shown_on(form):
            with writing() as db:
                appointment, notices = actions.create_appointment(
                    db, user.id, form.draft(user.time_zone), now=clock.now()
                )
            return _after_saving(appointment, notices)
    form.prepare_to_show(user.time_zone)
    status = form.status if request.method == "POST" else 200
    day = day_of_draft(form.start.data, reader(), now=clock.now())
    return render_template("appointments/edit.html", form=form, appointment=None, day=day), status


def _blank(zone: str) -> Draft:
    """Return a new draft, on the day that the address names; its end is left to its writer."""
    start = rules.proposed_start(clock.now(), zone_named(zone), day=_day_of_address())
    return Draft(
        title="", start=start, end=None, all_day=False, location="", description="", zone=zone
    )


def _day_of_address() -> date | None:
    try:
        day = date.fromisoformat(request.args.get("day", ""))
        check_is_within_reach(day)
    except (ValueError, Refused):
        return None
    return day


def _after_saving(appointment: Appointment, notices: Sequence[Notice]) -> ResponseReturnValue:
    """Say that it is saved and what became of its times, and show it."""
    tell(_("The appointment is saved."), "success")
    for notice in notices:
        tell(notice_said(notice, reader()), "warning")
    others = queries.overlapping(appointment)
    if others:
        title, more = shortened(others[0].title, _TITLE_SAID), len(others) - 1
        tell(
            ngettext(
                "At the same time there are “%(title)s” and %(num)d other.",
                "At the same time there are “%(title)s” and %(num)d others.",
                more,
                title=title,
            )
            if more
            else _("At the same time there is “%(title)s”.", title=title),
            "info",
        )
    return redirect(url_for("appointments.show", public_id=appointment.public_id), code=303)


@pages.get("/<public_id>/")
@signed_in_only
def show(public_id: str) -> ResponseReturnValue:
    """One appointment."""
    user = signed_in_user()
    appointment = found(queries.appointment_of(reading(), user.id, public_id))
    others = queries.overlapping(appointment)
    told = shown(appointment, reader(), now=clock.now(), others=others)
    return render_template("appointments/show.html", appointment=told)


@pages.route("/<public_id>/edit/", methods=["GET", "POST"])
@signed_in_only
def edit(public_id: str) -> ResponseReturnValue:
    """Write an appointment anew; if somebody else did so meanwhile, show both."""
    user, now = signed_in_user(), clock.now()
    # One that was deleted while somebody wrote at it is found, so that nothing they wrote is lost.
    deleted_since = now - rules.KEPT_WHEN_DELETED if request.form.get("version") else None
    appointment = found(
        queries.appointment_of(reading(), user.id, public_id, deleted_since=deleted_since)
    )
    form = AppointmentForm.of(as_draft(appointment), version=appointment.version)
    both = None
    if form.validate_on_submit():
        draft = form.draft(appointment.zone)
        with refusals_shown_on(form):
            with writing() as db:
                locked = found(
                    queries.appointment_of(
                        db, user.id, public_id, deleted_since=deleted_since, lock=True
                    )
                )
                try:
                    notices = actions.edit_appointment(
                        db, locked, draft, seen=form.seen_version, now=now
                    )
                except Changed:
                    both = conflict(locked, draft, reader())
            if both is None:
                return _after_saving(locked, notices)
            appointment = locked
            form.version.data = str(locked.version)
    form.prepare_to_show(appointment.zone, user.time_zone)
    status = 200 if request.method != "POST" else 409 if both else form.status
    told = shown(appointment, reader(), now=now)
    return render_template(
        "appointments/edit.html", form=form, appointment=told, day=told.day, conflict=both
    ), status


@pages.route("/<public_id>/delete/", methods=["GET", "POST", "DELETE"])
@signed_in_only
def delete(public_id: str) -> ResponseReturnValue:
    """Ask, and then delete an appointment; for a program, delete it."""
    user, now = signed_in_user(), clock.now()
    if request.method not in {"POST", "DELETE"}:
        appointment = found(queries.appointment_of(reading(), user.id, public_id))
        told = shown(appointment, reader(), now=now)
        return render_template("appointments/delete.html", appointment=told, form=TokenForm())
    require_token()
    # A person who presses the button twice gets the same answer twice, a program learns of it.
    deleted_since = now - rules.KEPT_WHEN_DELETED if request.method == "POST" else None
    with writing() as db:
        appointment = found(
            queries.appointment_of(db, user.id, public_id, deleted_since=deleted_since, lock=True)
        )
        actions.delete_appointment(db, appointment, now=now)
    if request.method == "DELETE":
        return {"status": "OK"}
    tell(
        _("“%(title)s” is deleted.", title=shortened(appointment.title, _TITLE_SAID)),
        "success",
        undo=url_for("appointments.restore", public_id=public_id),
    )
    return redirect(url_for("appointments.agenda"), code=303)


@pages.post("/<public_id>/restoration/")
@signed_in_only
def restore(public_id: str) -> ResponseReturnValue:
    """Put a deleted appointment back."""
    require_token()
    user, now = signed_in_user(), clock.now()
    since = now - rules.KEPT_WHEN_DELETED
    with writing() as db:
        appointment = found(
            queries.appointment_of(db, user.id, public_id, deleted_since=since, lock=True)
        )
        actions.restore_appointment(db, appointment, now=now)
    title = shortened(appointment.title, _TITLE_SAID)
    tell(_("“%(title)s” is back.", title=title), "success")
    return redirect(url_for("appointments.show", public_id=public_id), code=303)
