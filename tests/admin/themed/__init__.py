"""A host whose admin wears another theme, django-unfold, and who registers payments anew."""
