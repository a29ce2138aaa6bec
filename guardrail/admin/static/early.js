// Runs before the first paint: the chosen theme, and nothing shown until the words are there.
"use strict";
{
  const root = document.documentElement;
  const theme = localStorage.getItem("theme");
  if (theme) root.dataset.theme = theme;
  root.dataset.wait = "";
}
