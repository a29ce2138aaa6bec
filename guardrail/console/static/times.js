// Moments in the zone and the language of whoever reads; of today only the time.

const { lang } = document.documentElement;
const whole = new Intl.DateTimeFormat(lang, { dateStyle: "short", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(lang, { timeStyle: "short" });

/** A moment in seconds since 1970, as it reads best. */
export function moment(at) {
  const then = new Date(at * 1000);
  return (then.toDateString() === new Date().toDateString() ? clock : whole).format(then);
}

for (const one of document.querySelectorAll("time[data-at]")) one.textContent = moment(one.dataset.at);
