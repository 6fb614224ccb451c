// What keeps people from using a page, as axe-core and WCAG 2.2 AA have it: one line for each finding.
const found = [];
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const tell = (element) => {
  const words = (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40);
  const classes = element.getAttribute("class");
  return `<${element.tagName.toLowerCase()}${element.id ? "#" + element.id : ""}${classes ? "." + classes.replace(/ /g, ".") : ""}> ${words}`;
};
const say = (rule, element) => found.push(`${rule}: ${element.tagName ? tell(element) : element}`);
const isShown = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true, visibilityProperty: true });
const name = (element) => {
  const by = element.getAttribute("aria-labelledby");
  if (by) return by.split(/\s+/).map((id) => document.getElementById(id)?.textContent || "").join(" ").trim();
  const own = element.getAttribute("aria-label") || "";
  if (own.trim()) return own.trim();
  if (element.labels?.length) return [...element.labels].map((label) => label.textContent).join(" ").trim();
  const inside = [element.innerText || element.textContent || "", ...all("img[alt]", element).map((img) => img.alt), ...all("title", element).map((title) => title.textContent)].join(" ").trim();
  return inside || (element.getAttribute("title") || "").trim();
};

// The document.
if (!document.documentElement.lang) say("no language", "html");
if (!document.title.trim()) say("no title", "head");
if (/user-scalable\s*=\s*no|maximum-scale/.test($viewport())) say("zoom is forbidden", "viewport");
function $viewport() { return document.querySelector("meta[name=viewport]")?.content || ""; }
const ids = all("[id]").map((element) => element.id);
ids.filter((id, at) => ids.indexOf(id) !== at).forEach((id) => say("an id twice", id));
for (const reference of ["for", "aria-labelledby", "aria-describedby", "aria-controls", "list"]) {
  all(`[${reference}]`).forEach((element) => {
    element.getAttribute(reference).split(/\s+/).filter((id) => !document.getElementById(id)).forEach(() => say(`${reference} leads nowhere`, element));
  });
}

// Landmarks and headings.
for (const [what, selector] of [["main", "main"], ["banner", "body > header"], ["contentinfo", "body > footer"]]) {
  if (all(selector).length !== 1) say(`not one ${what}`, String(all(selector).length));
}
for (const kind of ["nav", "aside"]) {
  const several = all(kind).filter(isShown);
  const names = several.map((element) => element.getAttribute("aria-label") || "");
  if (several.length > 1) several.forEach((element, at) => { if (!names[at] || names.indexOf(names[at]) !== at) say(`${kind} without a name of its own`, element); });
}
all("body > *").forEach((element) => {
  if (!/^(HEADER|MAIN|FOOTER|NAV|SCRIPT)$/.test(element.tagName) && !element.classList.contains("skip") && element.textContent.trim()) say("outside every landmark", element);
});
const headings = all("h1, h2, h3, h4, h5, h6").filter(isShown);
if (headings.filter((heading) => heading.tagName === "H1").length !== 1) say("not one h1", String(headings.filter((heading) => heading.tagName === "H1").length));
headings.forEach((heading, at) => {
  const level = Number(heading.tagName[1]);
  if (!heading.textContent.trim()) say("an empty heading", heading);
  if (level > (at ? Number(headings[at - 1].tagName[1]) : 0) + 1) say(at ? "a level is left out" : "h1 is not the first heading", heading);
});
const skip = document.querySelector("a.skip");
if (!skip || !document.querySelector(skip.getAttribute("href"))) say("no way past the navigation", "a.skip");

// Names.
all("input:not([type=hidden]), select, textarea").filter(isShown).forEach((field) => { if (!name(field)) say("a field without a label", field); });
all("a[href], button, summary, [role=button]").filter(isShown).forEach((element) => { if (!name(element)) say("no name", element); });
all("img").forEach((img) => { if (!img.hasAttribute("alt")) say("no alt", img); });
all("svg").filter(isShown).forEach((svg) => {
  if (svg.getAttribute("aria-hidden") === "true") { if (all("a, [tabindex]", svg).length) say("hidden, but takes the focus", svg); return; }
  if (!svg.hasAttribute("role")) say("a picture without a role", svg);
  else if (!svg.getAttribute("aria-label") && !svg.querySelector(":scope > title")) say("a picture without a name", svg);
  // What is inside a picture is not read out: its links would be lost.
  if (svg.getAttribute("role") === "img" && all("a", svg).length) say("links inside a picture", svg);
});
all("[aria-hidden=true] a, [aria-hidden=true] button, [aria-hidden=true] input").forEach((element) => say("hidden, but takes the focus", element));
all("a a, a button, button a, button button, summary a, summary button").forEach((element) => say("one control inside another", element));
all("[tabindex]").filter((element) => element.tabIndex > 0).forEach((element) => say("an order of its own", element));
all("table").forEach((table) => { if (!table.querySelector("th, caption")) say("a table without a head", table); });

// Lists.
all("ul, ol").forEach((list) => { [...list.children].filter((child) => !/^(LI|SCRIPT|TEMPLATE)$/.test(child.tagName)).forEach((child) => say("not an item of its list", child)); });
all("li").forEach((item) => { if (!/^(UL|OL|MENU)$/.test(item.parentElement.tagName)) say("an item without a list", item); });
all("dl").forEach((list) => { [...list.children].filter((child) => !/^(DT|DD|DIV)$/.test(child.tagName)).forEach((child) => say("not of its list", child)); });
all("dt, dd").forEach((item) => { if (!item.closest("dl")) say("outside a list", item); });

// Contrast: of every text to what is behind it.
const numbers = (colour) => {
  const parts = (colour.match(/[\d.]+/g) || []).map(Number);
  if (!/^rgba?\(/.test(colour) || parts.length < 3) throw new Error("a colour of another kind: " + colour);
  return parts.length === 3 ? [...parts, 1] : parts;
};
const over = (front, back) => [0, 1, 2].map((at) => front[at] * front[3] + back[at] * (1 - front[3])).concat(1);
const light = (colour) => {
  const [red, green, blue] = colour.map((part) => { const share = part / 255; return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const ratio = (one, other) => { const [low, high] = [light(one), light(other)].sort((a, b) => a - b); return (high + 0.05) / (low + 0.05); };
// The colours that may be behind an element: of a gradient each of its colours.
const behind = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    const colour = numbers(style.backgroundColor);
    const painted = (style.backgroundImage.match(/rgba?\([^)]*\)/g) || []).map(numbers);
    layers.push([colour, ...painted]);
    if (colour[3] === 1) break;
  }
  let backs = [[255, 255, 255, 1]];
  layers.reverse().forEach(([colour, ...painted]) => {
    const flat = backs.map((back) => over(colour, back));
    backs = flat.concat(...painted.map((one) => flat.map((back) => over(one, back))));
  });
  return backs;
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const seen = new Set();
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || seen.has(element) || !isShown(element) || element.closest("title, script, option, datalist")) continue;
  seen.add(element);
  const box = element.getBoundingClientRect();
  if (element.closest("svg") === null && (box.width < 2 || box.height < 2 || box.bottom < -1000 || box.right < 0)) continue;
  const style = getComputedStyle(element);
  const colour = numbers(element.closest("svg") ? style.fill : style.color);
  const size = parseFloat(style.fontSize);
  const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
  // A text of a picture that stands on a rectangle has its colour behind it.
  const plate = element.closest("svg") && element.previousElementSibling?.matches("rect") ? [numbers(getComputedStyle(element.previousElementSibling).fill)] : behind(element);
  const worst = Math.min(...plate.map((back) => ratio(over(colour, back), back)));
  if (worst < least) say(`contrast ${worst.toFixed(2)}`, element);
}

// Focus: it can be seen, and what scrolls can be reached.
all("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']").filter(isShown).slice(0, 400).forEach((element) => {
  element.focus({ focusVisible: true, preventScroll: true });
  if (document.activeElement !== element) return;
  const shown = element.closest("svg") && element.querySelector("circle, rect") ? [element, ...all("circle, rect", element)] : [element];
  const isSeen = shown.some((one) => { const style = getComputedStyle(one); return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none" || (one !== element && style.stroke !== "none"); });
  if (!isSeen) say("focus is not seen", element);
});
document.activeElement?.blur();
all("*").filter((element) => {
  const style = getComputedStyle(element);
  return /auto|scroll/.test(style.overflowX + style.overflowY) && (element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1) && element.tagName !== "TEXTAREA" && element !== document.documentElement;
}).forEach((element) => { if (element.tabIndex < 0 && !all("a[href], button, input, summary", element).length) say("scrolls, but not by keys", element); });
return [...new Set(found)];
