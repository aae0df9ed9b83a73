"""Where the web's addresses lead."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from airdrops_site import views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("health", views.health, name="health"),
    path("metrics", views.metrics, name="metrics"),
]
