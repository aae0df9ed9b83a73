"""The kinds of panels that the dashboards are made of."""

from string import ascii_uppercase

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.models.common import (
    BigValueGraphMode,
    GraphTresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

# Whoever imports a dashboard chooses the source of its data.
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

# What is shown where there is no sample: nothing known is not nothing.
UNKNOWN = "unknown"

Query = tuple[str, str]
"""An expression, and how its lines are called."""

Steps = tuple[tuple[float | None, str], ...]
"""From which value on which colour; None is the lowest."""

NONE_WANTED: Steps = ((None, "green"), (1, "red"))
"""For what should be zero."""


def at_least(value: float) -> Steps:
    """Green from a target on."""
    return ((None, "red"), (value, "green"))


def below(value: float) -> Steps:
    """Green under a target."""
    return ((None, "green"), (value, "red"))


def page(uid: str, title: str, description: str, *, since: str = "now-24h") -> dashboard.Dashboard:
    """An empty dashboard of ours, linked with the others."""
    link = dashboard.DashboardLink("Airdrops").type(DashboardLinkType.DASHBOARDS)
    return (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["airdrops"])
        .timezone("utc")
        .time(since, "now")
        .refresh("1m")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(link.tags(["airdrops"]).as_dropdown(True).keep_time(True))
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
        )
    )


def section(title: str) -> dashboard.Row:
    """A line across, over the panels that follow."""
    return dashboard.Row(title)


def number(
    title: str, description: str, unit: str, query: Query, steps: Steps = (), width: int = 4
) -> stat.Panel:
    """What holds now, coloured by its steps."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .datasource(SOURCE)
        .span(width)
        .height(4)
        .no_value(UNKNOWN)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(_newest())
        .with_target(_target("A", query).instant())
    )
    return panel.thresholds(_thresholds(steps)) if steps else panel


def lines(
    title: str, description: str, unit: str, *queries: Query, steps: Steps = (), width: int = 12
) -> timeseries.Panel:
    """How it went; a target is drawn where the steps say."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .datasource(SOURCE)
        .span(width)
        .height(8)
        .no_value(UNKNOWN)
        .fill_opacity(5)
        .legend(_legend())
    )
    for name, query in zip(ascii_uppercase, queries, strict=False):
        panel.with_target(_target(name, query))
    if not steps:
        return panel
    style = common.GraphThresholdsStyleConfig().mode(GraphTresholdsStyleMode.DASHED)
    return panel.thresholds(_thresholds(steps)).thresholds_style(style)


def bars(
    title: str, description: str, unit: str, *queries: Query, steps: Steps = (), width: int = 12
) -> bargauge.Panel:
    """What holds now, a bar for each series."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .datasource(SOURCE)
        .span(width)
        .height(8)
        .no_value(UNKNOWN)
        .orientation(VizOrientation.HORIZONTAL)
        .reduce_options(_newest())
    )
    for name, query in zip(ascii_uppercase, queries, strict=False):
        panel.with_target(_target(name, query).instant())
    return panel.thresholds(_thresholds(steps)) if steps else panel


def rows(title: str, description: str, unit: str, query: Query, width: int = 24) -> table.Panel:
    """What holds now, a row for each series with its labels."""
    target = _target("A", query).instant().format(PromQueryFormat.TABLE)
    return (
        table.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .datasource(SOURCE)
        .span(width)
        .height(8)
        .no_value("none")
        .with_target(target)
    )


def _target(ref_id: str, query: Query) -> prometheus.Dataquery:
    expression, legend = query
    target = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(ref_id)
    return target.datasource(SOURCE)


def _newest() -> common.ReduceDataOptions:
    # Without one Grafana shows nothing at all.
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _legend() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().show_legend(True)
    return legend.placement(LegendPlacement.BOTTOM).display_mode(LegendDisplayMode.LIST)


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    found = [Threshold(value=value, color=color) for value, color in steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)
