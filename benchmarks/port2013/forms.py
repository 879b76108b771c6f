from flask_wtf import FlaskForm
from wtforms import BooleanField, DateTimeField, PasswordField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

MOMENT = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"]


class LoginForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    username = StringField("E-mail address", [InputRequired()])
    password = PasswordField("Password", [InputRequired()])


class AppointmentForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    title = StringField("Title", [InputRequired(), Length(max=255)])
    start = DateTimeField("Start", [InputRequired()], format=MOMENT)
    end = DateTimeField("End", [InputRequired()], format=MOMENT)
    allday = BooleanField("All day")
    location = StringField("Location", [Length(max=255)])
    description = TextAreaField("Description")
