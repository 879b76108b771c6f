"""Looking at what is coming."""

from tests.conftest import Browsing

from schedapp.appointments.models import Appointment


def test_it_lists_ones_own_appointments(as_ana: Browsing, lunch: Appointment) -> None:
    page = as_ana.get("/appointments/")

    assert page.status_code == 200
    assert "Lunch with Ben" in page.text


def test_it_lists_nothing_of_anybody_else(as_cleo: Browsing, lunch: Appointment) -> None:
    assert "Lunch with Ben" not in as_cleo.get("/appointments/").text
