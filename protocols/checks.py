"""What must be right before anything starts."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from protocols.deployments import DeploymentError, published_deployments
from protocols.registry import RegistrationError, adapters


@register()
def check_adapters(**_kwargs: Any) -> list[CheckMessage]:
    """Every installed protocol can be used, and its published addresses can be read."""
    try:
        for adapter in adapters().values():
            published_deployments(adapter)
    except (RegistrationError, DeploymentError) as error:
        return [Error(str(error), id="protocols.E001")]
    return []
