"""Order requests at the command line: asked, listed, declined with a reason, withdrawn, fulfilled by an order."""

from tests.cli.vendor import ProviderTerminal


def test_an_order_that_was_asked_for_is_ordered_declined_or_withdrawn(sandbox: ProviderTerminal) -> None:
    tell, wanted = sandbox.terminal.good, (sandbox.customer, sandbox.offer("year"), "5")
    names = [tell("order-requests", "ask", *wanted, "--note", "new office")["id"] for _ in range(3)]
    listed = sandbox.terminal.run("order-requests", "list", "--state", "asked").out
    assert "new office" in listed
    done = tell("order", *wanted, "--request", names[0])
    declined = tell("order-requests", "decline", names[1], "--reason", "not before March")
    assert (declined["state"], declined["reason"]) == ("declined", "not before March")
    assert tell("order-requests", "withdraw", names[2])["state"] == "withdrawn"
    (ordered,) = tell("order-requests", "list", "--state", "ordered")["items"]
    assert ordered["subscription"] == done["subscription"]["id"]
    assert sandbox.terminal.refused("order", *wanted, "--request", names[0])["code"] == "order_request_closed"
