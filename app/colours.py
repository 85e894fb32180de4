"""The brand's colour: can it be read, and what stands for it in the dark (WCAG 2.2, 1.4.3)."""

import re

READABLE = 4.5
"""The least contrast between text and its ground."""
_WHITE, _NIGHT = (255, 255, 255), (13, 19, 32)
_EASY_IN_THE_DARK = 8.0


def is_readable(colour: str) -> bool:
    """Whether it is written as #rrggbb and white text on it can be read."""
    return bool(re.fullmatch("#[0-9a-fA-F]{6}", colour)) and _contrast(_parts(colour), _WHITE) >= READABLE


def for_the_dark(colour: str) -> str:
    """The same hue, lightened until it stands out clearly from the dark ground."""
    parts = _parts(colour)
    for step in range(101):
        mixed = tuple(round(part + (255 - part) * step / 100) for part in parts)
        if _contrast(mixed, _NIGHT) >= _EASY_IN_THE_DARK:
            return "#" + "".join(f"{part:02x}" for part in mixed)
    return "#ffffff"


def style_sheet(colour: str) -> str:
    """What the pages load after the tokens."""
    return f":root {{ --brand-light: {colour}; --brand-dark: {for_the_dark(colour)}; }}\n"


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def _contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: tuple[int, ...]) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
