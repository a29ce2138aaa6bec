// The code of an invitation stands behind the # of its link, which no server ever sees.

const field = document.querySelector("#code");
const code = location.hash.slice(1);
if (field && code) {
  field.value = code;
  history.replaceState(null, "", location.pathname);
  field.form.requestSubmit();
}
