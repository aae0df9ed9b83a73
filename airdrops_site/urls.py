"""Where the web's addresses lead."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from airdrops_site import criteria_pages, guide_pages, portfolio_page, views
from airdrops_site.emergency import pages
from airdrops_site.profit import pages as profit_pages

# For whoever has signed in.
own = admin.site.admin_view

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/emergency/", own(pages.overview), name="emergency"),
    path("admin/emergency/stop/", own(pages.stop), name="emergency_stop"),
    path("admin/emergency/resume/", own(pages.resume), name="emergency_resume"),
    path("admin/emergency/order/<str:name>/", own(pages.order), name="emergency_order"),
    path("admin/guide/<str:name>/", own(guide_pages.guide), name="guide"),
    path("admin/portfolio/", own(portfolio_page.portfolio), name="portfolio"),
    path("admin/profit/", own(profit_pages.overview), name="profit"),
    path("admin/profit/download/", own(profit_pages.download), name="profit_download"),
    path("admin/criteria/", own(criteria_pages.overview), name="criteria"),
    path("admin/criteria/<slug:slug>/", own(criteria_pages.campaign), name="criteria_campaign"),
    path(
        "admin/criteria/<slug:slug>/evaluate/",
        own(criteria_pages.evaluate),
        name="criteria_evaluate",
    ),
    path("admin/criteria/<slug:slug>/tasks/", own(criteria_pages.tasks), name="criteria_tasks"),
    path("admin/", admin.site.urls),
    path("health", views.health, name="health"),
    path("health/live", views.live, name="health_live"),
    path("health/ready", views.ready, name="health_ready"),
    path("health/<slug:name>", views.component, name="health_component"),
    path("metrics", views.metrics, name="metrics"),
]
