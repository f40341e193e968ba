"""What one participant's responses look like over the periods. Says nothing of treatment: periods only."""

from collections.abc import Mapping, Sequence

NONE = "none"


def pattern(responses: Mapping[int, bool | None], planned: Sequence[int]) -> str | None:
    """The periods with a response, such as "1", "2" or "1+2"; "none" without any.

    None unless response is evaluable in every planned period: of two periods with one evaluable, three of the
    four patterns would be a guess.

    >>> pattern({1: True, 2: False}, (1, 2)), pattern({1: False, 2: False}, (1, 2)), pattern({1: True}, (1, 2))
    ('1', 'none', None)
    """
    if not planned or any(responses.get(number) is None for number in planned):
        return None
    return "+".join(str(number) for number in sorted(planned) if responses[number]) or NONE


def patterns(planned: Sequence[int]) -> list[str]:
    """Every pattern that can occur over the planned periods: each period alone, several, none. There are
    2 to the power of the number of periods; who has many lists those that occur instead.

    >>> patterns((1, 2))
    ['1', '2', '1+2', 'none']
    """
    numbers = sorted(planned)
    combinations = [
        [number for place, number in enumerate(numbers) if members >> place & 1]
        for members in range(1, 2 ** len(numbers))
    ]
    combinations.sort(key=lambda combination: (len(combination), combination))
    return ["+".join(map(str, combination)) for combination in combinations] + [NONE]
