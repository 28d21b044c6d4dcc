from tests.site.conftest import folder, here, house, site_envs

__all__ = ["folder", "here", "house", "site_envs"]
