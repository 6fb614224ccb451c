// What does not fit: one line for each element that sticks out of the window or is cut.
const found = [];
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} pixels wide, not ${root.clientWidth}`);
const tell = (element) => `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}"> ${(element.textContent || "").trim().slice(0, 40)}`;
const scrolls = (element) => { for (let at = element; at; at = at.parentElement) if (/auto|scroll/.test(getComputedStyle(at).overflowX) && at !== document.documentElement) return true; return false; };
[...document.querySelectorAll("body *")].forEach((element) => {
  if (!element.checkVisibility() || element.closest("svg") || element.closest(".skip")) return;
  const box = element.getBoundingClientRect();
  if (box.width > 0 && box.right > root.clientWidth + 1 && !scrolls(element)) found.push(`sticks out by ${Math.round(box.right - root.clientWidth)}: ${tell(element)}`);
  const style = getComputedStyle(element);
  const isCut = /hidden|clip/.test(style.overflowX) && element.scrollWidth > element.clientWidth + 1 && style.textOverflow !== "ellipsis" && element.clientWidth > 0;
  if (isCut) found.push(`is cut: ${tell(element)}`);
});
// Where all is in Chinese, a word of a list in English is a mistake.
if (root.lang === "zh-CN") {
  const words = /\b(undefined|null|NaN|Search|Today|Watch|Map|Error|Unspecified|TOPIC_|ARTICLE_|[A-Z]{3,}_[A-Z_]{2,})\b/;
  const hit = document.body.innerText.match(words);
  if (hit) found.push(`English where Chinese is asked: ${hit[0]}`);
}
return [...new Set(found)].slice(0, 20);
