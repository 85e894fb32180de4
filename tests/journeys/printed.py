"""The text of a PDF, as far as a test needs it: the glyphs that each page shows, in the order of their drawing."""

import re
from pathlib import Path

import pikepdf


def text_of(path: Path) -> str:
    """All pages' text, each line of glyphs apart, with runs of white space as one."""
    with pikepdf.open(path) as document:
        pages = [_drawn(page.obj, page.obj) for page in document.pages]
    return " ".join(" ".join(pages).split())


def _drawn(content: pikepdf.Object, owner: pikepdf.Object) -> str:
    resources = owner.get("/Resources", pikepdf.Dictionary())
    fonts = {name: _alphabet(font) for name, font in resources.get("/Font", pikepdf.Dictionary()).items()}
    alphabet: dict[int, str] = {}
    words: list[str] = []
    for operands, operator in pikepdf.parse_content_stream(content):
        match str(operator):
            case "Tf":
                alphabet = fonts[str(operands[0])]
            case "Tj" | "'":
                words += [_read(operands[-1], alphabet), " "]
            case "TJ":
                words += [_read(part, alphabet) for part in operands[0] if isinstance(part, pikepdf.String)] + [" "]
            case "Do":
                inner = resources["/XObject"][str(operands[0])]
                if inner.get("/Subtype") == "/Form":
                    words += [_drawn(inner, inner), " "]
    return "".join(words)


def _read(string: pikepdf.String, alphabet: dict[int, str]) -> str:
    data = bytes(string)
    return "".join(alphabet.get(int.from_bytes(data[i : i + 2]), "") for i in range(0, len(data), 2))


def _alphabet(font: pikepdf.Object) -> dict[int, str]:
    """Glyph numbers to text, from the font's own table (two bytes a glyph, as WeasyPrint writes them)."""
    table = bytes(font["/ToUnicode"].read_bytes()).decode("latin-1")
    found: dict[int, str] = {}
    for part in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for glyph, text in re.findall(r"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>", part):
            found[int(glyph, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for part in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", part):
            for offset in range(int(last, 16) - int(first, 16) + 1):
                found[int(first, 16) + offset] = chr(int(text, 16) + offset)
    return found
