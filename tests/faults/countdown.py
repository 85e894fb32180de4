"""Deaths within one process: at the n-th point that is passed, for every n. Cheaper than a process for each."""

from collections.abc import Callable, Sequence

from billing_core.payments import crashpoints

Deed = Callable[[], object]


class Death(BaseException):
    """Stands for the end of the process: nothing here catches it."""


def live_through(deeds: Sequence[Deed], dies: Callable[[Sequence[str]], bool]) -> Sequence[str]:
    """Run the deeds until one dies, asked at each point about all that were passed; the points."""
    passed: list[str] = []

    def look(name: str) -> None:
        passed.append(name)
        if dies(passed):
            raise Death(name)

    crashpoints.watch(look)
    try:
        for deed in deeds:
            deed()
    except Death:
        pass
    finally:
        crashpoints.watch(None)
    return passed


def die_and_go_on(
    begin: Callable[[], Sequence[Deed]], dies: Callable[[Sequence[str]], bool], converge: Deed, judge: Deed
) -> Sequence[str]:
    """Begin anew and die; then all happens that happens by itself, and the same is done once more. The points.

    AssertionErrors of the judge say where it died.
    """
    deeds = begin()
    passed = live_through(deeds, dies)
    try:
        converge()
        for deed in deeds:
            deed()
        converge()
        judge()
    except AssertionError as error:
        raise AssertionError(f"after {', '.join(passed)}: {error}") from error
    return passed


def die_at_every_point(begin: Callable[[], Sequence[Deed]], converge: Deed, judge: Deed) -> Sequence[str]:
    """The n-th one, for every n until all is done without a death; the points of that one."""
    for number in range(1, 40):
        passed = die_and_go_on(begin, lambda passed, last=number: len(passed) == last, converge, judge)  # type: ignore[misc]
        if len(passed) < number:
            return passed
    raise AssertionError("it never comes to its end")
