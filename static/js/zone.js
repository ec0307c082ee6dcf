// Tells the server which clock the reader lives by; pages are drawn there.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
if (!document.cookie.includes(`zone=${zone}`)) {
  document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax`;
}
