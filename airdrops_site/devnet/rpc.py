"""A minimal JSON-RPC client for the devnet's own set-up, apart from the application's."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from airdrops_site.devnet.errors import DevnetError, DevnetSilent

RESET_HINT = "`quickstart --reset` starts a fresh devnet"


class DevnetRpc:
    """One connection to an anvil; an error answer or silence becomes a DevnetError."""

    def __init__(self, url: str, *, timeout: float = 10) -> None:
        self.url = url
        # Without trust_env=False a proxy from the environment would be asked for 127.0.0.1.
        self._client = httpx.Client(base_url=url, timeout=timeout, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def call(self, method: str, *params: Any) -> Any:
        """Return the result of one call."""
        return self.batch([(method, params)])[0]

    def block(self, tag: str | int) -> dict[str, Any] | None:
        """Return a block's header by number or tag; None if there is no such block."""
        full_transactions = False
        name = hex(tag) if isinstance(tag, int) else tag
        found: dict[str, Any] | None = self.call("eth_getBlockByNumber", name, full_transactions)
        return found

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Return the results of several calls sent as one request, in the order asked."""
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
            for number, (method, params) in enumerate(calls)
        ]
        answers = {answer["id"]: answer for answer in self._post(body)} if body else {}
        return [self._result(method, answers[i]) for i, (method, _) in enumerate(calls)]

    def require_chain_id(self, chain_id: int) -> None:
        """Raise a DevnetError if another chain answers here."""
        if (found := int(self.call("eth_chainId"), 16)) != chain_id:
            raise DevnetError(
                f"At {self.url} chain {found} answers where devnet {chain_id} was expected; stop"
                " that program or choose another port."
            )

    def _post(self, body: list[dict[str, Any]]) -> list[dict[str, Any]]:
        try:
            response = self._client.post("", json=body).raise_for_status()
            answers: list[dict[str, Any]] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DevnetSilent(
                f"The devnet at {self.url} does not answer {body[0]['method']}"
                f" ({type(error).__name__}); see its log in the data folder and start it again."
            ) from error
        return answers

    def _result(self, method: str, answer: dict[str, Any]) -> Any:
        if "error" in answer:
            reason = str(answer["error"].get("message", answer["error"])).rstrip(".")
            raise DevnetError(f"The devnet at {self.url} refused {method}: {reason}; {RESET_HINT}.")
        return answer["result"]
