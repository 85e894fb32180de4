"""XML from outside, read with as little trust as possible.

Refused while it is read, before anything is made of it: any document type (and with it every entity of its own, so
nothing can expand or be fetched), nesting deeper and more elements than a statement has. Names keep no namespace but
that of the root: banks use different prefixes, and a message has one namespace.
"""

from xml.etree import ElementTree as ET

from billing_core.bank.refusals import UnreadableFile
from billing_core.words import mark

DEEPEST = 40
MOST_ELEMENTS = 400_000
LARGEST_FILE = 8_000_000
"""Bytes; some ten thousand entries."""

TYPED = mark("The file declares a document type, which no bank statement does. It was not read.")
TOO_LARGE = mark("The file is larger or more deeply nested than a bank statement can be. It was not read.")
BROKEN = mark("The file is damaged: line %(line)s cannot be read. Fetch it from the bank again.")


class _Target:
    """Builds the tree of local names, and stops at what has no place in it."""

    def __init__(self) -> None:
        self.builder = ET.TreeBuilder()
        self.depth = self.elements = 0
        self.namespace: str | None = None

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Called before any declaration in it is read."""
        raise UnreadableFile(TYPED)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element of a foreign namespace keeps its whole name, and so is never taken for one of the message."""
        self.depth += 1
        self.elements += 1
        if self.depth > DEEPEST or self.elements > MOST_ELEMENTS:
            raise UnreadableFile(TOO_LARGE)
        if self.namespace is None:
            self.namespace = tag[1:].partition("}")[0] if tag.startswith("{") else ""
        self.builder.start(self._local(tag), attributes)

    def end(self, tag: str) -> None:
        """The end of an element."""
        self.depth -= 1
        self.builder.end(self._local(tag))

    def data(self, text: str) -> None:
        """Text between tags."""
        self.builder.data(text)

    def close(self) -> tuple[str, ET.Element]:
        """The namespace of the message and its root."""
        return self.namespace or "", self.builder.close()

    def _local(self, tag: str) -> str:
        return tag.removeprefix(f"{{{self.namespace}}}")


def read_xml(content: bytes) -> tuple[str, ET.Element]:
    """The root's namespace, and the tree by local names. Raises UnreadableFile."""
    if len(content) > LARGEST_FILE:
        raise UnreadableFile(TOO_LARGE)
    parser = ET.XMLParser(target=_Target())  # noqa: S314 - the target refuses what makes it dangerous
    try:
        parser.feed(content)
        found: tuple[str, ET.Element] = parser.close()  # type: ignore[assignment]
    except ET.ParseError as error:
        raise UnreadableFile(BROKEN, line=error.position[0]) from None
    except (LookupError, ValueError):  # an encoding that nobody knows, or several bytes a character
        raise UnreadableFile from None
    return found
