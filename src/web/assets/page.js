"use strict";
// Comfort on top of pages that work without it: keys, suggestions, folds that load, the watch list.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const isTyping = (element) => /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  // Keys: / to search, j and k through rows, Enter is the browser's, g and a letter to a page.
  all("[data-keys]").forEach((hint) => { hint.hidden = false; });
  let row = -1;
  let wantsPage = false;
  const move = (step) => {
    const rows = all("[data-row]");
    if (!rows.length) return;
    row = Math.max(0, Math.min(rows.length - 1, row + step));
    rows.forEach((element, index) => element.classList.toggle("here", index === row));
    const link = $("a", rows[row]);
    if (link) link.focus({ preventScroll: true });
    rows[row].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && isTyping(event.target)) { event.target.blur(); return; }
    if (isTyping(event.target)) return;
    if (wantsPage) {
      wantsPage = false;
      const link = $(`nav a[data-key="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (event.key === "/") { event.preventDefault(); const box = $("input[type=search]"); box.focus(); box.select(); }
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "g") wantsPage = true;
    else if (event.key === "n") { const next = $("a[rel=next]"); if (next) next.click(); }
  });

  // Suggestions while typing. One that was chosen stands behind its arrow.
  const list = $("#suggestions");
  let timer = 0;
  let last = "";
  all("input[type=search]").forEach((box) => box.addEventListener("input", () => {
    clearTimeout(timer);
    const arrow = box.value.indexOf(" → ");
    if (arrow >= 0) box.value = box.value.slice(arrow + 3);
    const typed = box.value.trim();
    if (typed === last || typed.length < (/^[\x00-\x7f]*$/.test(typed) ? 2 : 1)) return;
    timer = setTimeout(async () => {
      last = typed;
      try {
        const answer = await fetch("/suggest?q=" + encodeURIComponent(typed));
        if (!answer.ok) return;
        const texts = await answer.json();
        // What the browser would hide, because it does not hold what was typed (pinyin), is shown under it.
        list.replaceChildren(...texts.map((text) => {
          const option = document.createElement("option");
          option.value = text.toLowerCase().includes(typed.toLowerCase()) ? text : typed + " → " + text;
          return option;
        }));
      } catch { /* Without suggestions one types on. */ }
    }, 150);
  }));

  // The period of a search: two handles below the months, and dragging across them.
  const slide = (root) => all("form[data-months]", root).forEach((form) => {
    const months = form.dataset.months.split(" ");
    const bars = all("svg.months a", form.parentElement);
    const [low, high] = all("input[type=range]", form);
    const told = $("output", form);
    const last = (month) => { const [year, number] = month.split("-").map(Number); return `${month}-${new Date(Date.UTC(year, number, 0)).getUTCDate()}`; };
    const chosen = () => [Number(low.value), Number(high.value)].sort((one, other) => one - other);
    const show = () => {
      const [from, to] = chosen();
      bars.forEach((bar, at) => bar.classList.toggle("out", at < from || at > to));
      told.textContent = from === to ? months[from] : `${months[from]} – ${months[to]}`;
    };
    const go = () => {
      const [from, to] = chosen();
      form.elements.from.value = `${months[from]}-01`;
      form.elements.to.value = last(months[to]);
      form.submit();
    };
    form.hidden = false;
    show();
    [low, high].forEach((handle) => {
      handle.addEventListener("input", show);
      handle.addEventListener("change", () => { if (!form.dataset.keys) go(); });
      // By the keyboard one goes step by step, and Enter takes it.
      handle.addEventListener("keydown", (event) => {
        form.dataset.keys = "1";
        if (event.key === "Enter") { event.preventDefault(); go(); }
      });
      handle.addEventListener("pointerdown", () => { delete form.dataset.keys; });
    });
    // From one bar to another: what lies between.
    let begun = -1;
    let dragged = false;
    const svg = $("svg.months", form.parentElement);
    const at = (event) => bars.indexOf(event.target.closest("a"));
    svg.addEventListener("dragstart", (event) => event.preventDefault());
    svg.addEventListener("pointerdown", (event) => { begun = at(event); dragged = false; });
    svg.addEventListener("pointerover", (event) => {
      if (begun < 0 || !event.buttons || at(event) < 0) return;
      [low.value, high.value] = [begun, at(event)];
      show();
    });
    svg.addEventListener("pointerup", (event) => {
      const end = at(event);
      if (begun >= 0 && end >= 0 && end !== begun) { dragged = true; [low.value, high.value] = [begun, end]; go(); }
      begun = -1;
    });
    svg.addEventListener("click", (event) => { if (dragged) event.preventDefault(); });
  });
  slide(document);

  // Counts that take longer than the page: put in once they are there.
  all("[data-put]").forEach(async (place) => {
    try {
      const answer = await fetch(place.dataset.put);
      if (!answer.ok) return;
      const part = $("div", new DOMParser().parseFromString(await answer.text(), "text/html"));
      const count = $("[data-count]");
      if (count && part.dataset.countNow) count.textContent = part.dataset.countNow;
      place.replaceWith(part);
      slide(part);
    } catch { /* The link in its place leads to a page with them. */ }
  });

  // Folds whose content is fetched when they open.
  all("details[data-load]").forEach((fold) => fold.addEventListener("toggle", async () => {
    if (!fold.open || fold.dataset.loaded) return;
    fold.dataset.loaded = "1";
    try {
      const answer = await fetch(fold.dataset.load);
      if (!answer.ok) return;
      const part = new DOMParser().parseFromString(await answer.text(), "text/html");
      const rest = $("p", fold);
      rest.replaceWith(...part.body.childNodes);
    } catch { /* What the page itself says stays. */ }
  }));

  // The list of watched searches and topics, in this browser only: address, name, what was seen.
  const KEY = "wenmai.watched";
  const watched = () => { try { return JSON.parse(localStorage.getItem(KEY)) || []; } catch { return []; } };
  const keep = (list) => { try { localStorage.setItem(KEY, JSON.stringify(list.slice(0, 100))); } catch { /* Private windows keep nothing. */ } };
  const address = () => {
    const topic = location.pathname.match(/^\/topics\/[0-9a-f-]+/);
    return topic ? topic[0] : location.pathname + location.search;
  };
  all("[data-watch]").forEach((button) => {
    const mark = () => button.classList.toggle("live-on", watched().some((one) => one.href === address()));
    button.hidden = false;
    mark();
    button.addEventListener("click", () => {
      const list = watched();
      const at = list.findIndex((one) => one.href === address());
      if (at >= 0) list.splice(at, 1);
      else list.unshift({ href: address(), name: button.dataset.watch, seen: "" });
      keep(list);
      mark();
    });
  });
  const box = $("[data-watched]");
  const json = (href) => { const [path, query] = href.split("?"); return path + ".json" + (query ? "?" + query : ""); };
  const newest = (answer) => answer.topic ? answer.topic.last_time + " " + answer.topic.article_count
    : (answer.match_count || 0) + " " + ((answer.hits || [])[0]?.article?.name || "");
  const check = async (one, row) => {
    try {
      const answer = await fetch(json(one.href));
      if (!answer.ok) return;
      const now = newest(await answer.json());
      if (one.seen && one.seen !== now) {
        const badge = document.createElement("span");
        badge.className = "badge new";
        badge.textContent = box.dataset.new;
        row.append(" ", badge);
      }
      if (!one.seen) keep(watched().map((other) => other.href === one.href ? { ...other, seen: now } : other));
      $("a", row).addEventListener("click", () => keep(watched().map((other) => other.href === one.href ? { ...other, seen: now } : other)));
    } catch { /* Asked again with the next look. */ }
  };
  const showWatched = () => {
    if (!box) return;
    const list = document.createElement("ul");
    list.className = "compact";
    watched().forEach((one) => {
      const row = document.createElement("li");
      row.dataset.href = one.href;
      const link = document.createElement("a");
      link.href = one.href;
      link.textContent = one.name || one.href;
      const stop = document.createElement("button");
      stop.className = "link chance";
      stop.textContent = "×";
      stop.title = box.dataset.stop;
      stop.setAttribute("aria-label", `${box.dataset.stop} ${one.name}`);
      stop.addEventListener("click", () => { keep(watched().filter((other) => other.href !== one.href)); showWatched(); });
      row.append(stop, link);
      list.append(row);
      check(one, row);
    });
    const none = document.createElement("p");
    none.className = "quiet";
    none.textContent = box.dataset.none;
    box.replaceChildren($("h2", box), list.children.length ? list : none);
  };
  showWatched();

  // Changes as they happen. The browser itself connects again, from the last one it has seen.
  const changes = $("[data-events]");
  if (changes) {
    const state = $("[data-live]");
    const searches = watched().map((one) => one.href).filter((href) => href.startsWith("/search?")).slice(0, 20);
    const feed = new EventSource(changes.dataset.events + searches.map((href) => "&w=" + encodeURIComponent(href)).join(""));
    const say = (on) => { state.textContent = on ? state.dataset.on : state.dataset.off; state.classList.toggle("live-on", on); };
    feed.addEventListener("open", () => say(true));
    feed.addEventListener("error", () => say(false));
    // What a watched search finds from now on.
    feed.addEventListener("found", (event) => {
      const news = JSON.parse(event.data);
      const row = all("li", box).find((one) => one.dataset.href === news.search);
      if (!row) return;
      if (!$(".badge", row)) {
        const badge = document.createElement("span");
        badge.className = "badge new";
        badge.textContent = box.dataset.new;
        row.append(" ", badge);
      }
      const line = document.createElement("small");
      const link = document.createElement("a");
      link.href = news.href;
      link.textContent = news.title;
      line.append(link, ` ${news.outlet} ${news.day}`);
      row.append(line);
      while (all("small", row).length > 5) $("small", row).remove();
    });
    feed.addEventListener("change", (event) => {
      const part = new DOMParser().parseFromString(event.data, "text/html");
      const row = $("li", part);
      if (!row) return;
      const mine = watched().map((one) => one.href.slice(1));
      if ((row.dataset.topics || "").split(" ").some((name) => mine.includes(name))) row.classList.add("here");
      row.classList.add("fresh-row");
      changes.prepend(document.adoptNode(row));
      while (changes.children.length > 300) changes.lastElementChild.remove();
    });
  }

  // A page of a paper: a dropped or chosen text goes into the box, in whichever encoding it is; a
  // page with places is sent as it is.
  const drop = $("[data-drop]");
  if (drop) {
    const chooser = $("[data-file] input", drop);
    const text = $("textarea", drop);
    const take = async (file) => {
      if (!file) return;
      const bytes = await file.arrayBuffer();
      const head = new TextDecoder().decode(bytes.slice(0, 65536)).replace(/^\uFEFF?\s*/, "");
      if (/^(%PDF|[{[]|<)/.test(head) && (head[0] !== "<" || /<(\w+:)?(alto|PcGts)\b|ocr_page|<page width=/.test(head)) && (!"{[".includes(head[0]) || /\.json$/i.test(file.name))) {
        text.value = "";
        return;
      }
      try { text.value = new TextDecoder("utf-8", { fatal: true }).decode(bytes); }
      catch { text.value = new TextDecoder("gb18030").decode(bytes); }
      chooser.value = "";
    };
    chooser.addEventListener("change", () => take(chooser.files[0]));
    ["dragover", "dragleave", "drop"].forEach((kind) => drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) {
        chooser.files = event.dataTransfer.files;
        take(chooser.files[0]);
      }
    }));
  }
  all("[data-print]").forEach((button) => { button.hidden = false; button.addEventListener("click", () => window.print()); });

  // The map: search as one types, zoom by buttons and wheel, drag.
  const map = $("svg.map");
  if (map) {
    const find = $("[data-find]");
    // The topics that are not in the list: named and led to once a script knows them.
    let rest = [];
    const learn = async () => {
      try {
        const answer = await fetch(map.dataset.rest);
        if (!answer.ok) return;
        const told = await answer.json();
        rest = all(".other circle", map).filter((circle) => {
          const spot = told[`${circle.getAttribute("cx")},${circle.getAttribute("cy")}`];
          if (!spot) return false;
          [circle.dataset.href, circle.dataset.words] = [spot[0], spot[2]];
          const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
          title.textContent = spot[1];
          circle.append(title);
          return true;
        });
        map.classList.add("known");
      } catch { /* The list beside leads to all of them, page by page. */ }
    };
    if (map.dataset.rest) learn();
    map.addEventListener("click", (event) => { const to = event.target.closest("circle[data-href]"); if (to) location.href = to.dataset.href; });
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase();
      rest.forEach((circle) => circle.classList.toggle("hit", Boolean(wanted) && circle.dataset.words.includes(wanted)));
      const spots = new Map(all("a", map).map((spot) => [spot.getAttribute("href"), spot]));
      all("[data-words]").forEach((row) => {
        const hit = Boolean(wanted) && row.dataset.words.includes(wanted);
        row.hidden = Boolean(wanted) && !hit;
        spots.get($("a", row).getAttribute("href"))?.classList.toggle("hit", hit);
      });
    });
    const view = map.viewBox.baseVal;
    const zoom = (factor, x = view.x + view.width / 2, y = view.y + view.height / 2) => {
      const width = Math.min(1000, Math.max(120, view.width * factor));
      const real = width / view.width;
      view.x = x - (x - view.x) * real;
      view.y = y - (y - view.y) * real;
      view.width = width;
      view.height = width * 0.68;
    };
    all("[data-zoom]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
    });
    const at = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    map.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const point = at(event);
      zoom(event.deltaY > 0 ? 1.15 : 0.87, point.x, point.y);
    }, { passive: false });
    let from = null;
    map.addEventListener("pointerdown", (event) => { from = event.target.closest("a") ? null : at(event); });
    map.addEventListener("pointermove", (event) => {
      if (!from) return;
      const point = at(event);
      view.x -= point.x - from.x;
      view.y -= point.y - from.y;
    });
    window.addEventListener("pointerup", () => { from = null; });
  }
})();
