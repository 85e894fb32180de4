// What axe can tell one page from another by: elements, what they are called by, and what scrolls; not the words.
() => {
  const REFERENCES = new Set(["id", "for", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "headers", "list", "form"]);
  const ANY = /^(href|src|srcset|value|action|content|datetime|placeholder|name|lang|d|x|y|x1|x2|y1|y2|cx|cy|width|height|points|transform|viewBox|data-.*)$/;
  const NAMES = new Set(["aria-label", "title", "alt", "summary"]);
  const ids = new Map(), names = new Map();
  const number = (map, value) => { if (!map.has(value)) map.set(value, map.size); return map.get(value); };
  const said = ({ name, value }) => {
    if (REFERENCES.has(name)) return value.split(/\s+/).map((one) => number(ids, one)).join(" ");
    if (!value.trim()) return "";
    if (NAMES.has(name)) return number(names, value);
    return ANY.test(name) ? (value.startsWith("#") ? number(ids, value.slice(1)) : "x") : value;
  };
  const scrolls = (element) => {
    if (element.scrollWidth <= element.clientWidth && element.scrollHeight <= element.clientHeight) return "";
    const { overflowX, overflowY } = getComputedStyle(element);
    return /auto|scroll/.test(overflowX + overflowY) ? "~" : "";
  };
  const drawn = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.trim() ? "x" : "";
    if (node.nodeType !== Node.ELEMENT_NODE || ["script", "style"].includes(node.localName)) return "";
    const attributes = [...node.attributes].map((one) => `${one.name}=${said(one)}`).sort().join(" ");
    const inside = [...node.childNodes].map(drawn).filter(Boolean);
    const once = inside.filter((part, place) => part !== inside[place - 1]);
    return `<${node.localName} ${attributes}${scrolls(node)}>${once.join("")}</>`;
  };
  return `${innerWidth}${drawn(document.documentElement)}`;
}
