// Runs before the first paint: the theme that was chosen.
"use strict";
{
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
}
