// The form of an appointment makes sense without this: the server reads a date with or without
// a time. Here the fields show days when the appointment is all day, and the end keeps its
// distance when the start moves, and the margin shows the day that one writes on.
const form = document.querySelector("[data-appointment-form]")
const [start, end] = ["start", "end"].map((name) => form.elements.namedItem(name))
const allDay = form.elements.namedItem("allday")

const times = new Map([
  [start, "09:00"],
  [end, "10:00"],
])

function showDaysOrTimes() {
  for (const field of [start, end]) {
    const [day, time] = field.value.split("T")
    if (time) times.set(field, time)
    field.type = allDay.checked ? "date" : "datetime-local"
    field.value = allDay.checked || !day ? day : `${day}T${times.get(field)}`
  }
  remember()
}

// Wall-clock values are counted as if they were UTC, so that no clock change bends the distance.
const millisecondsOf = (value) => Date.parse(value.includes("T") ? `${value}Z` : value)
const valueOf = (milliseconds, field) =>
  new Date(milliseconds).toISOString().slice(0, field.type === "date" ? 10 : 16)

let startBefore

function remember() {
  startBefore = millisecondsOf(start.value)
}

function moveEndWithStart() {
  const moved = millisecondsOf(start.value) - startBefore
  const endNow = millisecondsOf(end.value)
  if (Number.isFinite(moved) && Number.isFinite(endNow)) {
    const target = endNow + moved
    if (target > 0 && target < Date.UTC(9999, 0)) end.value = valueOf(target, end)
  }
  if (Number.isFinite(millisecondsOf(start.value))) remember()
}

const margin = document.querySelector(".margin .date")
const marginAtFirst = margin?.cloneNode(true)

function showDayInMargin() {
  const day = start.value.slice(0, 10)
  const moment = new Date(`${day}T00:00Z`)
  if (!margin || Number.isNaN(moment.getTime())) return
  const isAsAtFirst = marginAtFirst.querySelector("time").dateTime === day
  margin.className = isAsAtFirst ? marginAtFirst.className : "date"
  margin.replaceChildren(...marginAtFirst.cloneNode(true).childNodes)
  if (isAsAtFirst) return
  const said = (format) =>
    new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: "UTC", ...format }).format(
      moment,
    )
  const numeral = margin.querySelector(".numeral")
  numeral.dateTime = day
  numeral.textContent = moment.getUTCDate()
  const year = moment.getUTCFullYear()
  const isThisYear = year === new Date().getFullYear()
  margin.querySelector(".weekday").textContent = said({ weekday: "short" })
  margin.querySelector(".month").textContent =
    said({ month: "long" }) + (isThisYear ? "" : ` ${year}`)
  margin.querySelector(".relative")?.remove()
}

allDay.addEventListener("change", showDaysOrTimes)
start.addEventListener("change", moveEndWithStart)
start.addEventListener("change", showDayInMargin)
remember()
