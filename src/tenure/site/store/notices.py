"""Every notice of the vendor that reached this site: some that a newer lease forgot still move seats of older ones."""

from collections.abc import Iterable

from tenure.site.store.writer import Connection


def keep_notices(conn: Connection, product: str, tokens: Iterable[bytes]) -> None:
    """Keep sealed notices; each once."""
    conn.executemany("insert into notices values (?, ?) on conflict do nothing", [(product, each) for each in tokens])


def kept_notices(conn: Connection, product: str) -> tuple[bytes, ...]:
    """All that are kept of a product."""
    rows = conn.execute("select token from notices where product = ? order by token", (product,))
    return tuple(row[0] for row in rows)
