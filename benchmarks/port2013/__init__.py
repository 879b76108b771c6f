"""The sched of the 2013 Flask book as one would write it plainly on today's libraries.

Written for comparison: users who sign in and see, create, edit and delete their appointments,
with the libraries, the queries and the templates that the book's readers learned, and no tuning.
Two things differ on purpose: passwords are hashed by Argon2, so that signing in compares fairly,
and the addresses of the database and the key come from the environment.
"""

import os
from datetime import datetime
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from flask import Flask, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user, login_required, login_user, logout_user
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import select

from benchmarks.port2013 import filters
from benchmarks.port2013.forms import AppointmentForm, LoginForm
from benchmarks.port2013.models import Appointment, Base, User

db = SQLAlchemy()
login_manager = LoginManager()
login_manager.login_view = "login"
login_manager.login_message = "Please log in to see your appointments."
hasher = PasswordHasher()

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ.get("PORT_SECRET_KEY") or os.urandom(32)
app.config["SQLALCHEMY_ENGINES"] = {
    "default": os.environ.get("PORT_DATABASE_URL", f"sqlite:///{Path.cwd() / 'port.db'}")
}
db.init_app(app)
login_manager.init_app(app)
filters.init_app(app)


def create_tables() -> None:
    """Create what is missing in the database."""
    with app.app_context():
        Base.metadata.create_all(db.engine)


@login_manager.user_loader  # type: ignore[untyped-decorator, unused-ignore]
def load_user(user_id: str) -> User | None:
    return db.session.get(User, int(user_id))


@app.get("/")
def index() -> ResponseReturnValue:
    return redirect(url_for("appointment_list"))


@app.route("/login/", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(url_for("appointment_list"))
    form = LoginForm()
    error = None
    if form.validate_on_submit():
        user = db.session.scalar(select(User).where(User.email == form.username.data))
        if user is not None and password_is_right(user, form.password.data or ""):
            login_user(user)
            return redirect(url_for("appointment_list"))
        error = "Incorrect username or password."
    return render_template("login.html", form=form, error=error)


def password_is_right(user: User, password: str) -> bool:
    try:
        return hasher.verify(user.password_hash, password)
    except VerifyMismatchError:
        return False


@app.get("/logout/")
def logout() -> ResponseReturnValue:
    logout_user()
    return redirect(url_for("login"))


@app.get("/appointments/")
@login_required  # type: ignore[untyped-decorator, unused-ignore]
def appointment_list() -> ResponseReturnValue:
    appointments = db.session.scalars(
        select(Appointment)
        .where(Appointment.user_id == current_user.id)
        .order_by(Appointment.start.asc())
    ).all()
    return render_template("index.html", appointments=appointments)


@app.route("/appointments/create/", methods=["GET", "POST"])
@login_required  # type: ignore[untyped-decorator, unused-ignore]
def appointment_create() -> ResponseReturnValue:
    form = AppointmentForm()
    if form.validate_on_submit():
        appointment = Appointment(user_id=current_user.id)
        form.populate_obj(appointment)
        db.session.add(appointment)
        db.session.commit()
        flash("Appointment created.")
        return redirect(url_for("appointment_detail", appointment_id=appointment.id))
    return render_template("edit.html", form=form)


@app.get("/appointments/<int:appointment_id>/")
@login_required  # type: ignore[untyped-decorator, unused-ignore]
def appointment_detail(appointment_id: int) -> ResponseReturnValue:
    return render_template("detail.html", appointment=own_appointment(appointment_id))


@app.route("/appointments/<int:appointment_id>/edit/", methods=["GET", "POST"])
@login_required  # type: ignore[untyped-decorator, unused-ignore]
def appointment_edit(appointment_id: int) -> ResponseReturnValue:
    appointment = own_appointment(appointment_id)
    form = AppointmentForm(obj=appointment)
    if form.validate_on_submit():
        form.populate_obj(appointment)
        appointment.modified = datetime.now()  # noqa: DTZ005, naive local times as it had them
        db.session.commit()
        flash("Appointment saved.")
        return redirect(url_for("appointment_detail", appointment_id=appointment.id))
    return render_template("edit.html", form=form)


@app.route("/appointments/<int:appointment_id>/delete/", methods=["DELETE"])
@login_required  # type: ignore[untyped-decorator, unused-ignore]
def appointment_delete(appointment_id: int) -> ResponseReturnValue:
    appointment = db.session.get(Appointment, appointment_id)
    if appointment is None or appointment.user_id != current_user.id:
        return jsonify({"status": "Not Found"}), 404
    db.session.delete(appointment)
    db.session.commit()
    return jsonify({"status": "OK"})


def own_appointment(appointment_id: int) -> Appointment:
    appointment = db.session.get(Appointment, appointment_id)
    if appointment is None:
        abort(404)
    if appointment.user_id != current_user.id:
        abort(403)
    return appointment


@app.errorhandler(404)
def not_found(error: Exception) -> ResponseReturnValue:
    return render_template("404.html", path=request.path, error=error), 404
