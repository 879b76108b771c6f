"""The pages of appointments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _

from schedapp.accounts.forms import TokenForm
from schedapp.accounts.guards import reader, reader_for, signed_in_only, signed_in_user
from schedapp.appointments import actions, queries
from schedapp.appointments.actions import Changed, Draft, Times, as_draft
from schedapp.appointments.agenda import Asked, Page, ShownMargin, shown_margin
from schedapp.appointments.forms import AppointmentForm
from schedapp.core.agenda import days_of
from schedapp.core.spans import Notice
from schedapp.core.zones import day_of, wall_time_of
from schedapp.plumbing import clock
from schedapp.plumbing.database import reading, writing
from schedapp.plumbing.forms import refusals_shown_on
from schedapp.plumbing.phrases import Reader, length_said, notice_said, when
from schedapp.plumbing.security import require_token
from schedapp.plumbing.web import found

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from schedapp.appointments.models import Appointment
    from schedapp.appointments.queries import Listed

pages = Blueprint("appointments", __name__, url_prefix="/appointments")


@pages.get("/")
@signed_in_only
def agenda() -> ResponseReturnValue:
    """What is coming, a window at a time; what one looks for."""
    user = signed_in_user()
    page = Page(
        reading(),
        user.id,
        Asked.by(request.args),
        reader=reader_for(user),
        made_for=user,
        now=clock.now(),
    )
    if "_flashes" in session:
        return page.render()
    etag = page.etag("1")
    if etag in request.if_none_match:
        response = make_response("", 304)
    else:
        response = make_response(page.html())
    response.set_etag(etag)
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
            flash(_("The appointment is saved."), "success")
            return _after_saving(appointment, notices)
    form.prepare_to_show(user.time_zone)
    status = 200 if request.method == "GET" else form.status
    return render_template("appointments/edit.html", form=form, appointment=None), status


def _blank(zone: str) -> Draft:
    """Return a new draft: the next full hour, on the day that the address names."""
    wall = wall_time_of(clock.now(), ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
    start = wall + timedelta(hours=1)
    try:
        day = datetime.fromisoformat(request.args.get("day", "")[:10]).date()
        start = datetime.combine(day, start.time())
    except ValueError:
        pass
    end = start + timedelta(hours=1)
    return Draft(
        title="", start=start, end=end, all_day=False, location="", description="", zone=zone
    )


def _after_saving(appointment: Appointment, notices: tuple[Notice, ...]) -> ResponseReturnValue:
    """Say what became of the times and what they overlap, and show the appointment."""
    of = reader()
    for notice in notices:
        flash(notice_said(notice, of), "warning")
    others = queries.overlapping(reading(), appointment.owner_id, appointment)
    if others:
        flash(_("At the same time there is “%(title)s”.", title=others[0].title), "info")
    return redirect(url_for("appointments.show", public_id=appointment.public_id), code=303)


@pages.get("/<public_id>/")
@signed_in_only
def show(public_id: str) -> ResponseReturnValue:
    """One appointment."""
    user = signed_in_user()
    appointment = found(queries.appointment_of(reading(), user.id, public_id))
    others = queries.overlapping(reading(), user.id, appointment)
    return render_template(
        "appointments/show.html", appointment=_shown(appointment, others, reader())
    )


@dataclass(frozen=True)
class Other:
    """Another appointment that the page names."""

    title: str
    url: str
    when_text: str


@dataclass(frozen=True)
class Shown:
    """An appointment as its page tells it."""

    title: str
    location: str
    description: str
    day: ShownMargin
    when_text: str
    duration_text: str
    overlaps: list[Other]
    url: str
    edit_url: str
    delete_url: str


def _shown(appointment: Appointment, others: list[Listed], of: Reader) -> Shown:
    zone = ZoneInfo(of.zone)
    today = day_of(clock.now(), zone)
    public_id = appointment.public_id
    return Shown(
        title=appointment.title,
        location=appointment.location,
        description=appointment.description,
        day=shown_margin(days_of(appointment, zone).first, of, today=today),
        when_text=when(appointment, of, meant_in=appointment.zone),
        duration_text=length_said(appointment),
        overlaps=[
            Other(
                title=other.title,
                url=url_for("appointments.show", public_id=other.public_id),
                when_text=when(other, of, today=today),
            )
            for other in others
        ],
        url=url_for("appointments.show", public_id=public_id),
        edit_url=url_for("appointments.edit", public_id=public_id),
        delete_url=url_for("appointments.delete", public_id=public_id),
    )


@pages.route("/<public_id>/edit/", methods=["GET", "POST"])
@signed_in_only
def edit(public_id: str) -> ResponseReturnValue:
    """Write an appointment anew; if somebody else did so meanwhile, show both."""
    user = signed_in_user()
    appointment = found(queries.appointment_of(reading(), user.id, public_id))
    form = AppointmentForm.of(as_draft(appointment), version=appointment.version)
    conflict = None
    if form.validate_on_submit():
        draft = form.draft(appointment.zone)
        with refusals_shown_on(form):
            times = actions.times_of(draft)
            try:
                with writing() as db:
                    locked = found(queries.appointment_of(db, user.id, public_id, lock=True))
                    notices = actions.edit_appointment(
                        db, locked, draft, seen=form.seen_version, now=clock.now()
                    )
            except Changed as changed:
                appointment = changed.appointment
                conflict = _conflict(appointment, draft, times, reader())
                form.version.data = str(appointment.version)
            else:
                flash(_("The appointment is saved."), "success")
                return _after_saving(locked, notices)
    form.prepare_to_show(appointment.zone, user.time_zone)
    status = 200 if request.method == "GET" else 409 if conflict else form.status
    shown = _shown(appointment, [], reader())
    return render_template(
        "appointments/edit.html", form=form, appointment=shown, day=shown.day, conflict=conflict
    ), status


@dataclass(frozen=True)
class Difference:
    """One field of an appointment as it is now, and as one wrote it."""

    label: str
    theirs: str
    yours: str

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return self.theirs != self.yours


@dataclass(frozen=True)
class Conflict:
    """What two people wrote at the same time, side by side."""

    fields: list[Difference]


def _conflict(theirs: Appointment, yours: Draft, times: Times, of: Reader) -> Conflict:
    pairs = [
        (_("Title"), theirs.title, yours.title),
        (_("When"), when(theirs, of), when(times, of)),
        (_("Place"), theirs.location, yours.location),
        (_("Description"), theirs.description, yours.description),
    ]
    return Conflict([Difference(*pair) for pair in pairs])


@pages.route("/<public_id>/delete/", methods=["GET", "POST", "DELETE"])
@signed_in_only
def delete(public_id: str) -> ResponseReturnValue:
    """Ask, and then delete an appointment; for a program, delete it."""
    user = signed_in_user()
    if request.method == "GET":
        appointment = found(queries.appointment_of(reading(), user.id, public_id))
        shown = _shown(appointment, [], reader())
        return render_template("appointments/delete.html", appointment=shown, form=TokenForm())
    require_token()
    with writing() as db:
        appointment = found(queries.appointment_of(db, user.id, public_id, lock=True))
        actions.delete_appointment(db, appointment, now=clock.now())
    if request.method == "DELETE":
        return {"status": "OK"}
    undo = url_for("appointments.restore", public_id=public_id)
    flash(
        {"text": _("“%(title)s” is deleted.", title=appointment.title), "undo": undo},  # type: ignore[arg-type]
        "success",
    )
    return redirect(url_for("appointments.agenda"), code=303)


@pages.post("/<public_id>/restoration/")
@signed_in_only
def restore(public_id: str) -> ResponseReturnValue:
    """Put a deleted appointment back."""
    require_token()
    user = signed_in_user()
    with writing() as db:
        appointment = found(
            queries.appointment_of(db, user.id, public_id, deleted=True, lock=True)
        )
        actions.restore_appointment(db, appointment, now=clock.now())
    flash(_("“%(title)s” is back.", title=appointment.title), "success")
    return redirect(url_for("appointments.show", public_id=public_id), code=303)
