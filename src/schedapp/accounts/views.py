"""The pages of users and sign-ins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import (
    Blueprint,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _

from schedapp.accounts import actions, passwords, queries, rules
from schedapp.accounts.actions import Habits, NewUser
from schedapp.accounts.forms import (
    FirstUserForm,
    PasswordForm,
    SettingsForm,
    SignInForm,
    TokenForm,
)
from schedapp.accounts.guards import (
    ask_to_sign_in,
    browser_of_request,
    give_cookie,
    is_signed_in,
    reader,
    signed_in_only,
    signed_in_user,
    take_cookie,
)
from schedapp.accounts.models import ADMINISTRATOR
from schedapp.accounts.proofs import TooManyTries, WrongPassword, prove, settle
from schedapp.accounts.set_up import is_at_the_machine, is_code_right
from schedapp.core.errors import Refused
from schedapp.core.zones import day_of, zone_named
from schedapp.plumbing import clock
from schedapp.plumbing.database import reading, writing
from schedapp.plumbing.forms import refusals_shown_on
from schedapp.plumbing.language import locale_of_browser
from schedapp.plumbing.phrases import day_said, time_of_day
from schedapp.plumbing.security import is_own_address, require_token
from schedapp.plumbing.web import found, missing, tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from schedapp.accounts.models import SignIn, User
    from schedapp.accounts.proofs import Proof

pages = Blueprint("accounts", __name__)


@pages.get("/")
def home() -> ResponseReturnValue:
    """Lead to where one wants to be: the agenda, the sign-in page, or the making of a user."""
    if is_signed_in():
        return redirect(url_for("appointments.agenda"), code=303)
    if queries.is_empty(reading()):
        return redirect(url_for("accounts.first_user"), code=303)
    return redirect(url_for("accounts.sign_in"), code=303)


@pages.route("/setup/", methods=["GET", "POST"])
def first_user() -> ResponseReturnValue:
    """Make the first user, from the machine itself or with the set-up code."""
    if not queries.is_empty(reading()):
        missing()
    needs_code = not is_at_the_machine()
    form = FirstUserForm()
    status = form.status if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            if needs_code:
                _check_code(form.code.data or "")
            rules.check_password(form.password.data or "")
            new = NewUser(
                email=form.email.data or "",
                name=form.name.data or "",
                password_hash=passwords.hash_of(form.password.data or ""),
                time_zone=form.time_zone.data or "",
                locale=locale_of_browser(),
                administrator=True,
            )
            with writing() as db:
                user = actions.add_first_user(db, new, now=clock.now())
                token = _begin(db, user, stays=False)
        except Refused as refusal:
            form.refuse(refusal)
            status = _status_of(refusal)
        else:
            tell(_("Welcome. This is your appointment book."), "success")
            return _enter(url_for("appointments.agenda"), token, stays=False)
    return render_template("accounts/first_user.html", form=form, needs_code=needs_code), status


def _check_code(typed: str) -> None:
    if not is_code_right(typed, current_app.config["SECRET_KEY"]):
        raise Refused("This is not the set-up code that sched printed.", field="code")


@pages.route("/login/", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Sign in with user name and password."""
    if is_signed_in():
        return redirect(_wanted_page(request.args.get("next")), code=303)
    form = SignInForm()
    if request.method != "POST":
        form.next.data = request.args.get("next", "")
        return render_template("accounts/sign_in.html", form=form)
    status = form.status
    if form.validate():
        now = clock.now()
        try:
            proof = prove(
                form.username.data or "",
                form.password.data or "",
                browser=browser_of_request(),
                now=now,
            )
            with writing() as db:
                user = settle(db, proof, now=now)
                stays = bool(form.stay.data) and user.role != ADMINISTRATOR
                token = _begin(db, user, stays=stays)
        except Refused as refusal:
            form.refuse(refusal)
            status = _status_of(refusal)
        else:
            return _enter(_wanted_page(form.next.data), token, stays=stays)
    return render_template("accounts/sign_in.html", form=form), status


def _status_of(refusal: Refused) -> int:
    """Return the status of a form that is shown again: wrong, or too much of it."""
    return 429 if isinstance(refusal, TooManyTries | passwords.TooManyHashes) else 422


def _begin(db: Session, user: User, *, stays: bool) -> str:
    return actions.begin_sign_in(
        db, user, stays=stays, browser=browser_of_request(), how="password", now=clock.now()
    )


def _enter(target: str, token: str, *, stays: bool) -> ResponseReturnValue:
    # The form token from before signing in was another person's for all we know.
    session.pop("csrf_token", None)
    response = make_response(redirect(target, code=303))
    give_cookie(response, token, stays=stays)
    return response


def _wanted_page(target: str | None) -> str:
    if target and is_own_address(target):
        return target
    return url_for("appointments.agenda")


@pages.route("/logout/", methods=["GET", "POST"])
@signed_in_only
def sign_out() -> ResponseReturnValue:
    """Ask, and then sign out this browser."""
    if request.method != "POST":
        return render_template("accounts/sign_out.html", form=TokenForm())
    require_token()
    user = signed_in_user()
    with writing() as db:
        own = found(queries.sign_in_of(db, user.id, user.sign_in_public_id))
        actions.end_sign_in(db, own, why="signed out", now=clock.now())
    session.clear()
    tell(_("You are signed out."), "success")
    response = make_response(redirect(url_for("accounts.sign_in"), code=303))
    take_cookie(response)
    return response


@pages.route("/account/", methods=["GET", "POST"])
@signed_in_only
def settings() -> ResponseReturnValue:
    """One's own name, zone, language, week and clock."""
    user = signed_in_user()
    form = SettingsForm(obj=None, data=_settings_of(user))
    if form.validate_on_submit():
        habits = Habits(
            name=form.name.data or "",
            time_zone=form.time_zone.data or "",
            locale=form.locale.data or "",
            week_starts_on=form.week,
            hour_cycle=form.clock,
        )
        with refusals_shown_on(form):
            with writing() as db:
                actions.change_settings(db, user.id, habits, now=clock.now())
            tell(_("Your settings are saved."), "success")
            return redirect(url_for("accounts.settings"), code=303)
    status = form.status if request.method == "POST" else 200
    return render_template("accounts/settings.html", form=form), status


def _settings_of(user: queries.SignedInUser) -> dict[str, str]:
    def text(number: int | None) -> str:
        return "" if number is None else str(number)

    return {
        "name": user.name,
        "time_zone": user.time_zone,
        "locale": user.locale,
        "week_starts_on": text(user.week_starts_on),
        "hour_cycle": text(user.hour_cycle),
    }


@pages.route("/account/password/", methods=["GET", "POST"])
@signed_in_only
def password() -> ResponseReturnValue:
    """Change one's own password; the other browsers are signed out."""
    user = signed_in_user()
    form = PasswordForm()
    if request.method != "POST":
        return render_template("accounts/password.html", form=form)
    status = form.status
    if form.validate():
        now = clock.now()
        try:
            new = form.password.data or ""
            rules.check_password(new)
            proof = _prove_again(user.email, form.current.data or "", now=now)
            new_hash = passwords.hash_of(new)
            with writing() as db:
                settle(db, proof, now=now)
                own = queries.sign_in_of(db, user.id, user.sign_in_public_id)
                if own is None:
                    # Somebody ended it while the passwords were hashed.
                    return ask_to_sign_in()
                token = actions.change_password(db, own, new_hash, now=now)
        except Refused as refusal:
            form.refuse(refusal)
            status = _status_of(refusal)
        else:
            tell(_("Your password is changed. Other browsers are signed out."), "success")
            response = make_response(redirect(url_for("accounts.settings"), code=303))
            give_cookie(response, token, stays=own.stays)
            return response
    return render_template("accounts/password.html", form=form), status


def _prove_again(email: str, typed: str, *, now: datetime) -> Proof:
    try:
        return prove(email, typed, browser=browser_of_request(), now=now)
    except WrongPassword:
        raise Refused("This is not your current password.", field="current") from None


@dataclass(frozen=True)
class ShownSignIn:
    """A sign-in as the page tells it."""

    public_id: str
    label: str
    how: str
    address: str
    first_seen: str
    last_seen: str
    stays: bool
    is_this: bool


@pages.get("/account/sign-ins/")
@signed_in_only
def sign_ins() -> ResponseReturnValue:
    """Where one is signed in."""
    user = signed_in_user()
    rows = queries.open_sign_ins(reading(), user.id, now=clock.now())
    shown = [_shown(row, this=user.sign_in_id, said=_said_for_reader()) for row in rows]
    return render_template("accounts/sign_ins.html", sign_ins=shown, form=TokenForm())


def _said_for_reader() -> Callable[..., str]:
    of = reader()
    zone = zone_named(of.zone)
    today = day_of(clock.now(), zone)

    def said(moment: datetime) -> str:
        day = day_said(day_of(moment, zone), of, today=today)
        return str(_("%(day)s, %(times)s", day=day, times=time_of_day(moment, of)))

    return said


def _shown(row: SignIn, *, this: int, said: Callable[..., str]) -> ShownSignIn:
    return ShownSignIn(
        public_id=row.public_id,
        label=row.label or _("A browser"),
        how=row.how,
        address=row.ip_last,
        first_seen=said(row.created_at),
        last_seen=said(row.last_seen_at),
        stays=row.stays,
        is_this=row.id == this,
    )


@pages.post("/account/sign-ins/<public_id>/end/")
@signed_in_only
def end_sign_in(public_id: str) -> ResponseReturnValue:
    """End one of one's own sign-ins."""
    require_token()
    user = signed_in_user()
    with writing() as db:
        sign_in = found(queries.sign_in_of(db, user.id, public_id))
        actions.end_sign_in(db, sign_in, why="ended", now=clock.now())
    if public_id == user.sign_in_public_id:
        response = make_response(redirect(url_for("accounts.sign_in"), code=303))
        take_cookie(response)
        return response
    tell(_("That browser is signed out."), "success")
    return redirect(url_for("accounts.sign_ins"), code=303)


@pages.post("/account/sign-ins/end/")
@signed_in_only
def end_other_sign_ins() -> ResponseReturnValue:
    """End all of one's own sign-ins but this one."""
    require_token()
    user = signed_in_user()
    with writing() as db:
        actions.end_sign_ins(db, user.id, why="ended", now=clock.now(), but=user.sign_in_id)
    tell(_("All other browsers are signed out."), "success")
    return redirect(url_for("accounts.sign_ins"), code=303)
