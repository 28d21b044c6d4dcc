from pathlib import Path

from tests.site.town import town


def test_skeleton(tmp_path: Path) -> None:
    with town(tmp_path) as here:
        _, code = here.order()
        house = here.house()
        house.activate(code)
        desk = house.agent()
        assert desk.on == frozenset()
        assert desk.enrol(house.ticket()) is None
        assert desk.on == {"edit", "export", "read"}
        assert house.counted == 1
        assert desk.refresh() is None
        house.sync()
        print(house.events(), house.devices())
