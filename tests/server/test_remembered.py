"""What is kept read of policies and plans is never another server's, another provider's or an earlier one's."""

from pathlib import Path

from tenure.server import account_repository, policies
from tenure.store.engine import Connection
from tests.server.server_env import ServerEnv, office


async def test_two_servers_with_the_same_versions_keep_their_own(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with office(tmp_path / "one") as one, office(tmp_path / "two") as two:
        for env, share in ((one, 5), (two, 10), (one, 7)):
            told = await env.staff.send("PUT", "/v1/policy", {"rules": {"tolerance_percent": share}})
            assert told.status_code == 200, told.text

        def tolerances(env: ServerEnv, conn: Connection) -> list[int]:
            history = account_repository.policy_history(conn, policies.load_policies(conn, env.provider), "standard")
            return [rules.tolerance_percent for _, rules, _ in history.versions][1:]

        found = [await env.context.db.read(lambda conn, env=env: tolerances(env, conn)) for env in (one, two, one)]
    assert found[0] == found[2]
    assert (found[0][-1], found[1][-1]) == (7, 10)
