"""The four roles. They add up: give a person several. Nobody gets a right over chain facts."""

from collections.abc import Iterator, Mapping

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import transaction

OUR_APPS = ("wallets", "protocols", "scheduling", "analytics", "airdrops_site")
Rights = Mapping[str, tuple[str, ...]]

_EDIT = ("add", "change")
_EDIT_AND_DELETE = ("add", "change", "delete")
_QUEUE: Rights = {
    "django_q.success": ("view",),
    "django_q.failure": ("view",),
    "django_q.ormq": ("view",),
}

# Everybody sees every table of ours; what follows is what a role may do beyond that.
ROLES: Mapping[str, Rights] = {
    "viewer": {},
    "operator": {
        "scheduling.task": _EDIT_AND_DELETE,
        "scheduling.taskwallet": _EDIT_AND_DELETE,
        "scheduling.taskdependency": _EDIT_AND_DELETE,
        "scheduling.plan": ("operate",),
        "scheduling.run": ("operate",),
        "scheduling.breaker": ("operate",),
        "scheduling.pause": ("operate",),
        "protocols.approvedcall": _EDIT,
        "analytics.campaign": _EDIT,
        "analytics.eligibility": _EDIT,
        "analytics.attestation": _EDIT_AND_DELETE,
        "analytics.allocationpolicy": ("operate",),
        "analytics.rebalance": ("operate",),
        "analytics.claim": ("operate",),
        "analytics.alert": ("operate",),
        "analytics.silence": ("operate",),
        "wallets.wallet": _EDIT,
        "wallets.walletgroup": _EDIT,
        "wallets.wallettag": _EDIT,
        "wallets.addressbookentry": _EDIT,
        "wallets.transaction": ("operate",),
        "wallets.signedrequest": ("operate",),
        "wallets.noncelane": ("operate",),
        "wallets.allowance": ("operate",),
        "wallets.emergencystop": ("engage", "lift"),
        "protocols.deployment": ("operate",),
        **_QUEUE,
    },
    # Consents to what others asked for; changes nothing alone.
    "approver": {
        "wallets.addressbookentry": ("confirm",),
        "scheduling.plan": ("approve",),
        "scheduling.run": ("approve",),
        # Whoever sees that something is wrong may stop it, and not let it go on.
        "wallets.emergencystop": ("engage",),
        "protocols.approvedcall": ("approve",),
        "analytics.rebalance": ("approve",),
    },
    "administrator": {
        "wallets.network": _EDIT,
        "wallets.rpcendpoint": _EDIT_AND_DELETE,
        "wallets.token": _EDIT,
        "wallets.limit": _EDIT_AND_DELETE,
        "wallets.limitoverride": ("add",),
        "scheduling.allowedhours": _EDIT_AND_DELETE,
        "wallets.minimumbalance": _EDIT_AND_DELETE,
        "wallets.emergencystop": ("engage", "lift"),
        "scheduling.riskresponse": _EDIT,
        # How much may be moved where is a limit like any other.
        "analytics.allocationpolicy": _EDIT,
        "analytics.allocationbucket": _EDIT_AND_DELETE,
        "analytics.allocationcap": _EDIT_AND_DELETE,
        "protocols.protocol": _EDIT,
        "protocols.deployment": ("operate", "vouch"),
        "auth.user": ("view", "add", "change"),
        "auth.group": ("view",),
        "admin.logentry": ("view",),
        **_QUEUE,
    },
}


def sync_roles() -> None:
    """Make the four groups, each with exactly the permissions written here."""
    with transaction.atomic():
        for name in ROLES:
            group, _ = Group.objects.get_or_create(name=name)
            group.permissions.set([_permission(code) for code in sorted(rights_of(name))])


def rights_of(role: str) -> set[str]:
    """What a role may do, as `app.verb_model`."""
    return {*_views(), *_named(ROLES[role])}


def _views() -> Iterator[str]:
    for app in OUR_APPS:
        for model in apps.get_app_config(app).get_models():
            yield f"{app}.view_{model._meta.model_name}"


def _named(rights: Rights) -> Iterator[str]:
    for label, verbs in rights.items():
        app, _, model = label.partition(".")
        yield from (f"{app}.{verb}_{model}" for verb in verbs)


def _permission(code: str) -> Permission:
    app, _, codename = code.partition(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)
