"""The console's own corner: people and the queue, on the console's pages."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import ModelAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class OperatorAdmin(UserAdmin[User], ModelAdmin):
    """Who may sign in."""


@admin.register(Group)
class RoleAdmin(GroupAdmin, ModelAdmin):
    """What roles may do."""
