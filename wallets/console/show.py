"""How values look in the console: badges, amounts, hashes, links."""

from urllib.parse import urlencode, urlsplit

from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from wallets.amounts import show_amount
from wallets.models import EndpointAnswer, Network, Token, Transition

NOTHING = SafeString("–")
WEI_DECIMALS = 18
GWEI_DECIMALS = 9
_TONES = {
    "success": "final succeeded settled acknowledged claimed eligible verified done low "
    "applied solved resolved resumed",
    "info": "reserved signed broadcast included confirmed running submitted sent accepted known "
    "approved started medium info asked",
    "warning": "held ambiguous provisional unverified voided expired skipped missed entered draft "
    "proposed "
    "rate_limited mempool_full not_sent nonce_too_low nonce_too_high high warning findings unknown "
    "escalated paused",
    "danger": "refused failed reverted rejected needs_operator "
    "underpriced fee_cap funds node_limit invalid critical",
}
_TONE_OF = {state: tone for tone, states in _TONES.items() for state in states.split()}


def badge(value: str, text: str = "") -> SafeString:
    """A state, coloured by what it means for the operator."""
    if not value:
        return NOTHING
    tone = _TONE_OF.get(value, "plain")
    return format_html('<span class="console-badge {}">{}</span>', tone, text or value)


def answer(kind: str) -> SafeString:
    """What a node's answer means."""
    return badge(kind, kind.replace("_", " "))


def flag(text: str, tone: str) -> SafeString:
    """A badge of any tone."""
    return format_html('<span class="console-badge {}">{}</span>', tone, text)


def short(value: str) -> SafeString:
    """A hash or an address, shortened; a click copies all of it."""
    if not value:
        return NOTHING
    shown = value if len(value) <= 16 else f"{value[:8]}…{value[-6:]}"
    return format_html(
        '<code class="console-hex" title="{0}" data-copy="{0}">{1}</code>', value, shown
    )


def full(value: str) -> SafeString:
    """A hash, an address or calldata with every digit."""
    if not value:
        return NOTHING
    return format_html('<code class="console-hex full" data-copy="{0}">{0}</code>', value)


def amount(
    base_units: int | None, decimals: int, symbol: str, unit: str = "base units"
) -> SafeString:
    """An amount as a person reads it; its base units beside it, in lists under the pointer."""
    # The page of a refused form shows its row as it was typed.
    if not isinstance(base_units, int):
        return NOTHING
    return format_html(
        '<span class="console-amount" title="{0} {1}">{2}<small>{0} {1}</small></span>',
        str(base_units),
        unit,
        show_amount(base_units, decimals, symbol),
    )


def holding(base_units: int | None, token: Token) -> SafeString:
    """A balance; one that is not known is never shown as nothing."""
    if base_units is None:
        return flag(f"Unknown {token.symbol}", "warning")
    return amount(base_units, token.decimals, token.symbol)


def native(wei: int | None, coin: str) -> SafeString:
    """An amount of a network's own coin."""
    return amount(wei, WEI_DECIMALS, coin, "wei")


def gas_price(wei: int | None) -> SafeString:
    """Wei per gas."""
    return amount(wei, GWEI_DECIMALS, "gwei", "wei")


def page_of(row: Model | None, text: object = None) -> SafeString:
    """A link to a row's own page."""
    if row is None:
        return NOTHING
    meta = row._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    return link_to(address, text or row)


def list_of(model: str, text: str, **lookups: object) -> SafeString:
    """A link to the rows of `app_model` that match."""
    address = reverse(f"admin:{model}_changelist")
    return format_html(
        '<a class="console-link" href="{}?{}">{}</a>', address, urlencode(lookups), text
    )


def explorer(network: Network, kind: str, value: str, text: str = "") -> SafeString:
    """A link to the network's explorer, or only the text where there is none."""
    link = network.explorer_link(kind, value)
    # The address was typed by somebody: nothing but a web page is made a link.
    if not value or urlsplit(link).scheme not in ("http", "https"):
        return NOTHING if not text else format_html("{}", text)
    return format_html(
        '<a class="console-link" href="{}" target="_blank" rel="noopener noreferrer">{} ↗</a>',
        link,
        text or "Explorer",
    )


def history(subject: str, pk: int | str) -> str:
    """Every state a row has been in, with who and why."""
    lines = Transition.objects.filter(subject=subject, subject_id=pk).order_by("id")
    return render_to_string("console/history.html", {"lines": lines})


def answers(**of: int) -> str:
    """What endpoints said of the bytes of one transaction or attempt."""
    wanted = {"attempt": "attempt", "transaction": "attempt__transaction"}
    lookups = {wanted[name]: pk for name, pk in of.items()}
    rows = EndpointAnswer.objects.filter(**lookups).order_by("id").select_related("attempt")
    return render_to_string("console/answers.html", {"rows": rows.defer("attempt__raw")})


def joined(*parts: SafeString) -> SafeString:
    """Links in one line."""
    return format_html_join(" · ", "{}", ((part,) for part in parts if part != NOTHING))


def prose(said: str) -> SafeString:
    """A sentence, what stands between backticks in it as code."""
    parts = said.split("`")
    kinds = (("<code>{}</code>" if at % 2 else "{}", part) for at, part in enumerate(parts))
    return format_html_join("", "{}", ((format_html(kind, part),) for kind, part in kinds))


def text(value: object) -> SafeString:
    """Plain text, escaped."""
    return format_html("{}", value)


def hash_with_explorer(network: Network, value: str) -> SafeString:
    """A shortened hash to copy, and the explorer's page of it where there is one."""
    link = explorer(network, "tx", value, "Open") if network.explorer_url else text("")
    return format_html("{} {}", short(value), link)


def page_at(model: str, pk: int, name: str) -> SafeString:
    """A link to the page of a row of `app_model` that was not read."""
    address = reverse(f"admin:{model}_change", args=[pk])
    return link_to(address, name)


def link_to(address: str, name: object) -> SafeString:
    """A link within the console; a long name is cut where the column ends."""
    return format_html('<a class="console-link" href="{0}" title="{1}">{1}</a>', address, name)
