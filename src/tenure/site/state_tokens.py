"""State tokens between device and site, made with the site's own key [spec: enrollment]."""

from tenure.wire import state_tokens


class StateTokens:
    """Makes and reads the tokens of one site."""

    def __init__(self, key: bytes) -> None:
        """`key`: 32 bytes that only this site knows."""
        self._key = key

    def make_token(self, device: str, count: int) -> str:
        """The token number `count` of a device."""
        return state_tokens.make_token(self._key, device, count)

    def read_number(self, device: str, token: str) -> int | None:
        """The number of an authentic token of `device`; None for anything else."""
        numbers = state_tokens.read_token(self._key, device, token, 1)
        return None if numbers is None else numbers[0]
