// Nobody has said yet in which time zone they are; the browser knows. Without this, or where the
// browser has been told otherwise, one chooses oneself.
const choice = document.querySelector("select[data-own]")

// Names that browsers still use for zones which have another name by now.
const renamed = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Catamarca": "America/Argentina/Catamarca",
  "America/Cordoba": "America/Argentina/Cordoba",
  "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis",
  "America/Jujuy": "America/Argentina/Jujuy",
  "America/Louisville": "America/Kentucky/Louisville",
  "America/Mendoza": "America/Argentina/Mendoza",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
}

if (choice?.selectedOptions[0]?.defaultSelected) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const known = [...choice.options].some((option) => option.value === (renamed[zone] ?? zone))
  if (known) choice.value = renamed[zone] ?? zone
}
