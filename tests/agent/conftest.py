from tests.site.conftest import folder, here, house, towns

__all__ = ["folder", "here", "house", "towns"]
