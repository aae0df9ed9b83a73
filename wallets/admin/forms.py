"""What may be typed into the console, and what is refused there."""

import re
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from django import forms
from django.core.exceptions import ValidationError

from wallets.chain.masking import looks_secret
from wallets.contracts import refuse_contract
from wallets.labels import is_key_material, is_only_key_material, refuse_label
from wallets.models import RpcEndpoint, Wallet
from wallets.renaming import reason_not_to_take
from wallets.signers.references import refuse

_PLACEHOLDER = re.compile(r"\$\{\w+\}")
_SECRET_PARAMETER = re.compile(r"key|token|secret|auth|pass|signature", re.IGNORECASE)
# Providers put the credential into the path: letters and digits mixed, too long for a word.
_SECRET_SEGMENT = re.compile(r"(?=.*[0-9])(?=.*[a-zA-Z])[\w-]{16,}")
_PASSED_THROUGH = (
    "This looks like a private key or a seed phrase. Nothing was saved, but it has "
    "passed through a browser and the network: move the funds of that wallet away."
)


def carries_credential(url: str) -> bool:
    """Whether something in the URL, outside `${NAME}`, is or may be a credential."""
    parts = urlsplit(_PLACEHOLDER.sub("", url))
    # What is left of `${USER}:${PASSWORD}@host` is a colon.
    userinfo, _, host = parts.netloc.rpartition("@")
    parameters = parse_qsl(parts.query)
    return bool(
        userinfo.strip(":")
        or any(looks_secret(label) for label in host.partition(":")[0].split("."))
        or any(_SECRET_PARAMETER.search(name) and value for name, value in parameters)
        or any(_SECRET_SEGMENT.fullmatch(value) for _, value in parameters)
        or any(_is_secret_segment(segment) for segment in parts.path.split("/"))
    )


def _is_secret_segment(segment: str) -> bool:
    return bool(_SECRET_SEGMENT.fullmatch(segment)) or looks_secret(segment)


class RpcEndpointForm(forms.ModelForm[RpcEndpoint]):
    """An endpoint whose credentials stay in the environment."""

    class Meta:
        model = RpcEndpoint
        exclude = ()  # noqa: DJ006 - the page's sections name the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Written by other means, it must not come out here; it has to be typed anew.
        if carries_credential(self.instance.url):
            self.initial["url"] = ""

    def clean_url(self) -> str:
        """An http(s) address without a credential."""
        url: str = self.cleaned_data["url"].strip()
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValidationError("This is not an http(s) address; write https://host/path.")
        if carries_credential(url):
            raise ValidationError(
                "This address carries a credential, and credentials are not kept in the "
                "database: write ${NAME} in its place and set NAME in the environment of the "
                "workers and the web."
            )
        return url


class WalletForm(forms.ModelForm[Wallet]):
    """A wallet and the name of its key's place; keys themselves are made by commands."""

    class Meta:
        model = Wallet
        exclude = ()  # noqa: DJ006 - the page's sections name the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "signer_kind" in self.fields:
            field = cast("forms.ChoiceField", self.fields["signer_kind"])
            # The first is what a hasty hand leaves: it must sign nothing.
            kinds = sorted(Wallet.SignerKind, key=lambda kind: kind != Wallet.SignerKind.WATCH_ONLY)
            field.choices = [(kind.value, kind.label) for kind in kinds]

    def clean_label(self) -> str:
        """A name; a key or a seed phrase in its place would be kept in the clear."""
        label: str = self.cleaned_data["label"]
        if is_key_material(label):
            raise ValidationError(_PASSED_THROUGH)
        taken = self.instance.pk and "label" in self.changed_data and reason_not_to_take(label)
        if reason := refuse_label(label) or taken:
            raise ValidationError(_sentence(reason))
        return label

    def clean_address(self) -> str:
        """An address that can be a wallet."""
        address: str = self.cleaned_data["address"]
        if reason := refuse_contract(address):
            raise ValidationError(_sentence(reason))
        return address

    def clean_signer_reference(self) -> str:
        """A key's name, never the key."""
        reference: str = self.cleaned_data["signer_reference"].strip()
        if is_only_key_material(reference):
            raise ValidationError(_PASSED_THROUGH)
        return reference

    def clean(self) -> dict[str, Any]:
        """The reference names the address' own key, where it tells; watched ones have none."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        kind, reference = found.get("signer_kind"), found.get("signer_reference", "")
        if kind == Wallet.SignerKind.WATCH_ONLY:
            found["signer_reference"] = ""
        elif kind and "address" in found and "signer_reference" not in self.errors:
            reason = refuse(kind, reference, found["address"])
            if reason:
                self.add_error("signer_reference", _sentence(reason))
        return found


def _sentence(reason: str) -> str:
    return f"{reason[0].upper()}{reason[1:]}."
