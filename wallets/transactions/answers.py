"""What endpoints said of an attempt's bytes, kept as far as it is news.

Bytes are sent again every half minute for as long as they are in no block: a row for each time
would bury what matters and grow for days. A row says at which sending an endpoint began to say
something else; until the next one, all sendings between said the same.
"""

import re
from typing import Any

from django.utils import timezone

from wallets.chain.client import Reply, Sent
from wallets.models import Attempt, EndpointAnswer

# Of one endpoint about one attempt: one that goes to and fro adds nothing after so many.
MOST_KEPT = 50
_NUMBERS = re.compile(r"0x[0-9a-fA-F]+|[0-9]+")


def news_of(attempt: Attempt, sent: Sent) -> tuple[list[EndpointAnswer], dict[str, Any]]:
    """The rows to keep of a sending, and what each endpoint has said by now.

    The attempt is as it was read before it was sent.
    """
    at, seen, rows = timezone.now(), dict(attempt.answers_seen), []
    for reply in sent.answers or (Reply("", sent.answer, sent.text),):
        before = seen.get(reply.endpoint, {"kept": 0})
        if _said(reply) == before.get("said") or before["kept"] >= MOST_KEPT:
            continue
        seen[reply.endpoint] = {"said": _said(reply), "kept": before["kept"] + 1}
        rows.append(
            EndpointAnswer(
                attempt=attempt,
                endpoint=reply.endpoint,
                sending=attempt.times_sent + 1,
                answer=reply.answer,
                text=reply.text[:300],
                at=at,
            )
        )
    return rows, seen


def _said(reply: Reply) -> str:
    """The answer without its figures: a base fee or a moment in the words is no other answer."""
    return f"{reply.answer} {_NUMBERS.sub('#', reply.text)}"[:100]
