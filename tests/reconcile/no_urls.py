"""A host that forgot to include the package's addresses."""

urlpatterns: list[object] = []
