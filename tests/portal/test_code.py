"""The link in the mail about a new activation code: sign in, ask for it, see it once [spec: code-storage]."""

from tests.portal.stage import Stage
from tests.portal.test_desk import CODE
from tests.server.users import PASSWORD, joined


async def test_the_customer_follows_the_link_signs_in_and_is_shown_the_code_once(at_the_portal: Stage) -> None:
    name, code = await at_the_portal.office.order()
    tab = at_the_portal.tab()
    await tab.open(f"/subscriptions/{name}/code")
    assert tab.path.startswith("/sign-in")
    await tab.send(email=at_the_portal.ben.email, password=PASSWORD)
    assert tab.path == f"/subscriptions/{name}/code"
    assert "An activation code waits for you" in tab.text
    for _ in range(2):  # however often it is only looked at
        await tab.open(f"/subscriptions/{name}/code")
        assert code not in tab.answer.text
    asking = tab.form(action=f"/subscriptions/{name}/code")
    await tab.send(asking)
    shown = CODE.search(tab.text)
    assert shown
    assert shown[0] == code
    assert "It is shown this once." in tab.text
    await tab.open(f"/subscriptions/{name}/code")
    assert "It has been shown already." in tab.text
    assert code not in tab.answer.text
    assert f"/subscriptions/{name}/do/reissue_code" in tab.page.links or "Your provider can do that." in tab.text


async def test_a_page_that_is_older_than_the_showing_says_what_helps(at_the_portal: Stage) -> None:
    name, code = await at_the_portal.office.order()
    tab, staff = await at_the_portal.customer(), await at_the_portal.staff()
    await tab.open(f"/subscriptions/{name}/code")
    await staff.open(f"/subscriptions/{name}")
    assert f"/subscriptions/{name}/code" in staff.page.links
    await staff.open(f"/subscriptions/{name}/code")
    await staff.send(staff.form(action=f"/subscriptions/{name}/code"))
    assert code in staff.text
    await tab.send(tab.form(action=f"/subscriptions/{name}/code"))
    assert tab.status == 409
    assert "What helps:" in tab.text
    assert code not in tab.answer.text
    await staff.open(f"/subscriptions/{name}")
    assert f"/subscriptions/{name}/code" not in staff.page.links


async def test_whoever_may_only_look_is_told_whom_to_ask(at_the_portal: Stage) -> None:
    name, _ = await at_the_portal.office.order()
    env = at_the_portal.office
    looking = await joined(env, env.staff, "auditor", email="eve@acme.example", customer=env.customer)
    tab = await at_the_portal.signed_in(looking.email)
    await tab.open(f"/subscriptions/{name}/code")
    assert "ask an owner of your team" in tab.text
    assert f"/subscriptions/{name}/code" not in [form.action for form in tab.page.forms]
