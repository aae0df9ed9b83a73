"""What Compose mounts is there, what it names is declared, and each finds the others."""

import fnmatch
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from tests.monitoring import kit

DOCKER = Path(settings.BASE_DIR, "deploy", "docker")
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
WORKERS_ONLY = {"keystore_passphrase", "backup_passphrase", "alert_channels"}

Service = dict[str, Any]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yml").read_text())
    return found


SERVICES: dict[str, Service] = compose()["services"]


def secrets_of(service: Service) -> dict[str, str]:
    """Each secret and where it is in the container."""
    found = [
        one if isinstance(one, dict) else {"source": one} for one in service.get("secrets", ())
    ]
    return {one["source"]: one.get("target", f"/run/secrets/{one['source']}") for one in found}


def mounts_of(service: Service) -> dict[str, Path | None]:
    """Where each is in the container, and what of ours; None for a volume."""
    found = {}
    for source, target, *_ in (one.split(":") for one in service.get("volumes", ())):
        found[target] = (DOCKER / source).resolve() if source.startswith(".") else None
    return found


def inside(service: Service, path: str) -> Path | None:
    """The file of ours that is at this path in the container."""
    for target, source in mounts_of(service).items():
        if source and (path == target or path.startswith(f"{target}/")):
            return source / path.removeprefix(target).lstrip("/")
    return None


def test_only_the_worker_has_what_signs() -> None:
    for name, service in SERVICES.items():
        held = WORKERS_ONLY & set(secrets_of(service))
        assert held == (WORKERS_ONLY if name == "worker" else set()), name
    assert not any("PASSPHRASE" in one for one in SERVICES["web"]["environment"])


@pytest.mark.parametrize("name", SERVICES)
def test_everything_that_a_service_names_is_declared_and_every_file_is_there(name: str) -> None:
    found, service = compose(), SERVICES[name]
    named = {volume.split(":")[0] for volume in service.get("volumes", ())}
    assert {one for one in named if "/" not in one} <= set(found["volumes"])
    assert set(secrets_of(service)) <= set(found["secrets"])
    assert set(service["networks"]) <= set(found["networks"])
    assert set(service.get("depends_on", ())) <= set(SERVICES)
    assert all(source.exists() for source in mounts_of(service).values() if source)


def test_no_secret_is_declared_for_nobody() -> None:
    used = {secret for service in SERVICES.values() for secret in secrets_of(service)}
    assert used == set(compose()["secrets"])
    assert all("healthcheck" in SERVICES[one] for one in ("database", "web", "worker"))


@pytest.mark.parametrize("name", ["web", "worker", "migrate", "database", "grafana"])
def test_a_variable_names_only_secrets_that_are_mounted(name: str) -> None:
    variables = SERVICES[name]["environment"]
    paths = {value for value in variables.values() if "/run/secrets/" in str(value)}
    assert paths
    assert paths <= set(secrets_of(SERVICES[name]).values())


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_a_configuration_finds_its_secrets_where_compose_puts_them(name: str) -> None:
    service = SERVICES[name]
    path = f"/etc/{name}/{name}.yml"
    assert f"--config.file={path}" in service["command"]
    assert inside(service, path) == kit.FOLDER / f"{name}.yml"
    asked = re.findall(r"_file: (\S*secrets/\S+)", (kit.FOLDER / f"{name}.yml").read_text())
    # Prometheus' are relative to its file.
    wanted = {str(Path(path).parent / one) for one in asked}
    assert wanted == set(secrets_of(service).values())


def test_prometheus_finds_its_rules_and_targets_which_are_services() -> None:
    text = (kit.FOLDER / "prometheus.yml").read_text()
    files = [inside(SERVICES["prometheus"], f"/etc/prometheus/{one}") for one in _asked(text)]
    assert [path.parent for path in files if path] == [DOCKER / "targets"] * len(files)
    for path in files:
        assert path
        [[target]] = [one["targets"] for one in kit.load(path)]
        assert target.partition(":")[0] in {*SERVICES, "localhost"}
        assert (kit.FOLDER / "targets" / path.name).exists()
    assert inside(SERVICES["prometheus"], "/etc/prometheus/rules") == kit.FOLDER / "rules"


def _asked(text: str) -> list[str]:
    found = re.findall(r"targets/\w+\.yml", text)
    assert len(found) == 4
    return found


def test_grafana_finds_its_dashboards_and_prometheus() -> None:
    service, provisioning = SERVICES["grafana"], kit.FOLDER / "grafana" / "provisioning"
    assert inside(service, "/etc/grafana/provisioning") == provisioning
    [provider] = kit.load(provisioning / "dashboards" / "airdrops.yml")["providers"]
    assert inside(service, provider["options"]["path"]) == kit.FOLDER / "grafana" / "dashboards"
    [source] = kit.load(provisioning / "datasources" / "prometheus.yml")["datasources"]
    assert source["url"] == "$PROMETHEUS_URL"
    assert service["environment"]["PROMETHEUS_URL"] == "http://prometheus:9090"
    assert set(service["networks"]) & set(SERVICES["prometheus"]["networks"])


def test_the_image_copies_what_is_there_and_no_secret() -> None:
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().split()
    copied = [line.split()[1:-1] for line in re.findall(r"^COPY (?!--).*", DOCKERFILE, re.M)]
    assert ["."] in copied
    for name in (name for names in copied for name in names):
        assert Path(settings.BASE_DIR, name).exists()
        assert not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)
    assert {"**/secrets", ".env", "data"} <= set(ignored)


def test_the_image_is_made_with_what_the_project_has() -> None:
    bootstrap = Path(settings.BASE_DIR, "deploy/bootstrap.sh").read_text()
    [version] = re.findall(r"uv==(\S+)", DOCKERFILE)
    assert f"uv_version={version}" in bootstrap
    project = Path(settings.BASE_DIR, "pyproject.toml").read_text()
    for extra in re.findall(r"--extra (\w+)", DOCKERFILE):
        assert re.search(rf"^{extra} = \[$", project, re.M)
